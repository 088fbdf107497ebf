import { html, type Html } from '../../view/html.js';
import { formatTime, type LabelColors } from '../../view/timeline-drawing.js';
import type { ReportData, ReportVideo } from './report-data.js';
import { LONGEST_CLIP_SEC, type ReportPictures } from './report-pictures.js';
import { drawConfusion, drawReliability, FAINT_SHARE, MAX_NUMBERED_LABELS } from './score-charts.js';
import { drawTimeline } from './timeline-chart.js';

/** A row of tiles with the model's scores. */
export function describeScores({ scores }: Pick<ReportData, 'scores'>): Html {
  const { frameAccuracy, clipAccuracy, edit, f1, meanAveragePrecision, calibrationError, loss } = scores;
  const tiles: [name: string, score: number | null][] = [
    ['Frame accuracy', frameAccuracy],
    ...(clipAccuracy === null ? [] : [['Clip accuracy', clipAccuracy] as [string, number]]),
    ['Edit', edit],
    ['F1@10', f1[10]],
    ['F1@25', f1[25]],
    ['F1@50', f1[50]],
    ['mAP', meanAveragePrecision],
    ['Calibration error', calibrationError],
  ];
  return html`<dl class="scores">
    ${tiles.map(
      ([name, score]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${formatScore(score)} ${score !== null && html`<small>%</small>`}</dd>
        </div>`,
    )}
    <div>
      <dt>Loss</dt>
      <dd>${loss === null ? '–' : loss.toFixed(3)} <small>nats</small></dd>
    </div>
  </dl>`;
}

/** A table with one row per label. */
function describeLabels({ scores }: Pick<ReportData, 'scores'>): Html {
  const head = ['Label', 'Support, frames', 'Precision', 'Recall', 'F1', 'Average precision'];
  const cell = (score: number | null): Html =>
    html`<td class="share" style="--share: ${(score ?? 0).toFixed(1)}%">${formatScore(score)}</td>`;
  return html`<table class="scored">
    <thead>
      <tr>
        ${head.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${scores.perLabel.map(
        ({ label, numFrames, precision, recall, f1, averagePrecision }) =>
          html`<tr>
            <td>${label}</td>
            <td>${numFrames}</td>
            ${[precision, recall, f1, averagePrecision].map(cell)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** A percentage with one decimal, or a dash if undefined. */
function formatScore(score: number | null): string {
  return score === null ? '–' : score.toFixed(1);
}

/** A confusion matrix with more labels takes the whole width. */
const MAX_LABELS_IN_HALF = 9;

/** The sections on labels, confusion, reliability, videos and hardest segments. */
export function describeResults(data: ReportData, colors: LabelColors, pictures: ReportPictures): Html {
  const { scores, reliability } = data;
  const areMany = scores.labels.length > MAX_LABELS_IN_HALF;
  const isThinned = scores.labels.length > MAX_NUMBERED_LABELS;
  return html`<section id="labels">
      <h2>Labels</h2>
      <p class="lead">
        Percentages over the labeled frames of the validation videos; average precision is over segments.
      </p>
      <div class="scroll">${describeLabels(data)}</div>
    </section>
    <section id="confusion">
      <h2>Confusion and confidence</h2>
      <div class="${areMany ? 'stacked' : 'columns'}">
        <figure>
          <figcaption>
            <b>Confusion</b> Frames by true label (rows) and predicted label (columns); shade is the share of
            the row${isThinned && `, cells below ${100 * FAINT_SHARE} % are left out`}.
          </figcaption>
          <div class="scroll">${scores.numFrames > 0 && drawConfusion(scores.labels, scores.confusion)}</div>
        </figure>
        <figure>
          <figcaption>
            <b>Reliability</b> On the diagonal, confidence equals accuracy. The size of a dot shows the number
            of frames; calibration error ${formatScore(scores.calibrationError)} %.
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
      The labeled segments whose label the model finds least probable, by the mean over their frames. Some of
      them may be labeled wrongly.
    </p>
    <div class="hardest">
      ${hardest.map((segment) => {
        const { video, label, startSec, endSec, truthProbability, likeliest } = segment;
        const picture = segments.get(segment);
        return html`<figure>
          <div class="picture">${picture ? html`<img src="${picture}" alt="" />` : 'no picture'}</div>
          <p>truth ${key(label)} ${formatProbability(truthProbability)}</p>
          <p>
            ${label === likeliest.label ? 'still the most probable label' : html`taken for ${key(likeliest.label)} ${formatProbability(likeliest.probability)}`}
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
