import { z } from 'zod';

const seconds = z.number().describe('Seconds since the start of the video stream.');
const probability = z.number().min(0).max(1);

/**
 * The JSON form of a timeline. Version 1 may gain fields, and readers ignore unknown ones. Any other change makes version
 * 2. Times and probabilities have six decimals.
 */
export const timelineSchema = z
  .object({
    format: z.literal('framewise-timeline'),
    formatVersion: z.literal(1),
    video: z.object({
      source: z.string().describe('Path or URL as given. A URL is stored without user, password and query.'),
      width: z.int().nonnegative().describe('Pixels as shown, after rotation; 0 if unknown.'),
      height: z.int().nonnegative().describe('Pixels as shown, after rotation; 0 if unknown.'),
      rotationDegrees: z.number().describe('Clockwise rotation that was applied: 0, 90, 180 or 270.'),
      frameRate: z.number().nonnegative().describe('Average frames per second; 0 if unknown.'),
      durationSec: z.number().nonnegative().describe('Length in seconds; 0 if unknown.'),
      startSec: z.number().describe("Start of the video stream on the container's clock, in seconds."),
      codec: z.string(),
      numFrames: z.int().nonnegative().optional(),
    }),
    model: z.string().describe('Name of the model; empty if a person labeled the video.'),
    frameRate: z
      .number()
      .nonnegative()
      .describe('Frames per second at which the model looked; 0 if no model did.'),
    labels: z.array(z.string()).describe('Every label the model knows.'),
    segments: z
      .array(
        z.object({
          label: z.string(),
          startSec: seconds,
          endSec: seconds.describe('Exclusive end.'),
          confidence: probability.describe("Mean probability of the label over the segment's frames."),
        }),
      )
      .describe(
        'Time spans of one activity each, in order and without overlaps; smoothed if smoothing was on. A model leaves no gaps.',
      ),
    frames: z
      .array(
        z.object({
          index: z.int().nonnegative().describe('Position among the labeled frames.'),
          timeSec: seconds,
          label: z.string().describe("The model's own choice, never smoothed."),
          confidence: probability.describe('Probability of the label.'),
          probabilities: z
            .array(probability)
            .optional()
            .describe('Probability of every label, in the order of `labels`.'),
        }),
      )
      .describe('Every frame that a model labeled, in order.'),
  })
  .describe('The activity that each frame of a video shows, as framewise writes it.')
  .superRefine(({ labels, segments, frames }, context) => {
    const known = new Set(labels);
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    segments.forEach(({ label, startSec, endSec }, i) => {
      if (!known.has(label)) complain(['segments', i, 'label'], `"${label}" is not among the labels`);
      if (endSec <= startSec) complain(['segments', i, 'endSec'], `${endSec} is not after ${startSec}`);
    });
    frames.forEach(({ label, probabilities }, i) => {
      if (!known.has(label)) complain(['frames', i, 'label'], `"${label}" is not among the labels`);
      if (probabilities && probabilities.length !== labels.length) {
        complain(
          ['frames', i, 'probabilities'],
          `expected ${labels.length}, received ${probabilities.length}`,
        );
      }
    });
  });
