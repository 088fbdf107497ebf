import { drawConfusion, FAINT_SHARE, MAX_NUMBERED_LABELS } from './confusion-chart.js';
import { html, type Html } from '../../view/html.js';
import type { LabelColors } from '../../view/label-colors.js';
import { formatTime } from '../../view/timeline-drawing.js';
import { drawReliability } from './reliability-chart.js';
import { LONGEST_CLIP_SEC, type ReportPictures } from './report-pictures.js';
import type { ReportData, ReportVideo } from './report-data.js';
import { describeLabels, formatScore } from './score-sections.js';
import { drawTimeline } from './timeline-chart.js';

/** A confusion matrix of more labels takes the whole width. */
const MAX_LABELS_IN_HALF = 9;

/** Labels, confusion, reliability, videos and hardest segments. */
export function describeResults(data: ReportData, colors: LabelColors, pictures: ReportPictures): Html {
  const { scores, reliability } = data;
  const areMany = scores.labels.length > MAX_LABELS_IN_HALF;
  const isThinned = scores.labels.length > MAX_NUMBERED_LABELS;
  return html`<section id="labels">
      <h2>Labels</h2>
      <p class="lead">
        Over the labeled frames of the validation videos, percent; average precision is over segments.
      </p>
      <div class="scroll">${describeLabels(data)}</div>
    </section>
    <section id="confusion">
      <h2>Confusion and confidence</h2>
      <div class="${areMany ? 'stacked' : 'columns'}">
        <figure>
          <figcaption>
            <b>Confusion</b> Frames by true label (rows) and given label (columns); shade is the share of the
            row${isThinned && `, cells below ${100 * FAINT_SHARE} % are left out`}.
          </figcaption>
          <div class="scroll">${scores.numFrames > 0 && drawConfusion(scores.labels, scores.confusion)}</div>
        </figure>
        <figure>
          <figcaption>
            <b>Reliability</b> On the diagonal, confidence is how often the model is right. Dots are as large
            as frames are many; calibration error ${formatScore(scores.calibrationError)} %.
          </figcaption>
          ${drawReliability(reliability)}
        </figure>
      </div>
    </section>
    ${describeVideos(data, colors, pictures)} ${describeHardest(data, colors, pictures)}`;
}

function describeVideos(
  { labels, videos, numVideos }: ReportData,
  colors: LabelColors,
  pictures: ReportPictures,
): Html {
  const numLeftOut = numVideos - videos.length;
  const areClips = videos.every(({ durationSec }) => durationSec <= LONGEST_CLIP_SEC);
  return html`<section id="videos">
    <h2>Truth and prediction</h2>
    <p class="lead">
      Validation videos, the least accurate first. The curve is the probability that the model gives the true
      label.
      ${numLeftOut > 0 && html`<b>${videos.length} of ${numVideos} videos</b>, evenly spread from the least to the most accurate; ${numLeftOut} are left out.`}
    </p>
    <div class="legend">
      ${labels.map((label) => html`<span class="key"><i style="background: ${colors.of(label)}"></i>${label}</span>`)}
    </div>
    <div class="videos ${areClips && 'clips'}">
      ${videos.map((video) => describeVideo(video, colors, pictures, areClips ? 470 : 1000))}
    </div>
  </section>`;
}

function describeVideo(
  video: ReportVideo,
  colors: LabelColors,
  { strips, problems }: ReportPictures,
  width: number,
): Html {
  const { name, durationSec, frameAccuracy } = video;
  const problem = problems.get(name);
  return html`<article class="video">
    <header>
      <h3>${name}</h3>
      <span>${formatScore(frameAccuracy)} % right, ${formatTime(durationSec)}</span>
    </header>
    ${drawTimeline(video, colors, strips.get(video), width)}
    ${problem && html`<p class="note">No pictures: ${problem}</p>`}
  </article>`;
}

function describeHardest({ hardest }: ReportData, colors: LabelColors, { segments }: ReportPictures): Html {
  const key = (label: string): Html =>
    html`<span class="key"><i style="background: ${colors.of(label)}"></i>${label}</span>`;
  return html`<section id="hardest">
    <h2>Hardest segments</h2>
    <p class="lead">
      The stretches of truth that the model finds least probable, by the mean over their frames. Look here for
      wrong labels too.
    </p>
    <div class="hardest">
      ${hardest.map((segment) => {
        const { video, label, startSec, endSec, truthProbability, likeliest } = segment;
        const picture = segments.get(segment);
        return html`<figure>
          <div class="picture">${picture ? html`<img src="${picture}" alt="" />` : 'no picture'}</div>
          <p>truth ${key(label)} ${formatProbability(truthProbability)}</p>
          <p>
            ${label === likeliest.label ? 'the likeliest all the same' : html`taken for ${key(likeliest.label)} ${formatProbability(likeliest.probability)}`}
          </p>
          <p class="note">${video}, ${formatTime(startSec)} to ${formatTime(endSec)}</p>
        </figure>`;
      })}
    </div>
  </section>`;
}

function formatProbability(probability: number): string {
  return `${(100 * probability).toFixed(1)} %`;
}
