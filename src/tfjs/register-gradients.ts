/**
 * Teaches TensorFlow.js to differentiate. The core package declares a gradient for every kernel, but its build for Node
 * registers none; the layers package brings and registers them on import. Import this file wherever gradients begin.
 */
import '@tensorflow/tfjs-layers';
