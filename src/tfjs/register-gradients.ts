/**
 * Registers the gradients of TensorFlow.js's kernels. The core package's build for Node registers none of them; importing
 * the layers package does. Import this file in every module that computes gradients.
 */
import '@tensorflow/tfjs-layers';
