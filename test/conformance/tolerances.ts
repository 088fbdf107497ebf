/** Parts of the program that are compared. */
export type Section = 'features' | 'recurrence' | 'training' | 'labeling';

/**
 * How far a backend may be from `cpu`: the largest difference between two values of a tensor, over the tensor's largest
 * value where that is beyond 1. All are differences of rounding. Backends add the same products in another order, and
 * have their own `exp` and `tanh`, right to a few of the 24 bits of a float32, 6e-8 each.
 */
export const TOLERANCES: Record<Section, { tolerance: number; reason: string }> = {
  features: { tolerance: 1e-4, reason: 'sums of up to 960 products, 52 layers one behind another' },
  recurrence: {
    tolerance: 1e-5,
    reason: 'six steps of 12 products a gate; gradients go back through the same',
  },
  training: {
    tolerance: 1e-4,
    reason: 'ten steps of Adam, which divides by small gradients, each from the last',
  },
  labeling: {
    tolerance: 1e-4,
    reason: 'features, and a recurrence and softmax that carry their differences on',
  },
};
