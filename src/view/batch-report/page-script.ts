import { FIRST_LETTER, PROBABILITY_STEPS } from './report-row.js';

/**
 * The script of a batch report: plain JavaScript that uses only the data in the page. Names are inserted as text
 * (`textContent`), never as markup. Rows are created fifty at a time while the reader scrolls.
 */
export const SCRIPT = `'use strict';
const byId = (id) => document.getElementById(id);
const { labels } = JSON.parse(byId('labels').textContent);
const rows = byId('rows').textContent.split('\\n').filter(Boolean).map((line, place) => ({ place, ...JSON.parse(line) }));
const list = byId('videos'), tip = byId('tip'), more = byId('more');
const chosen = new Set();
const ROWS_AT_A_TIME = 50;
let shown = [], numMade = 0;

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === 'style') Object.assign(element.style, value);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

function formatTime(hundredths) {
  const tenths = Math.round(hundredths / 10);
  if (tenths < 600) return tenths / 10 + ' s';
  const pad = (value) => (value < 10 ? '0' : '') + value;
  const hours = Math.floor(tenths / 36000), minutes = Math.floor(tenths / 600) % 60, rest = (tenths % 600) / 10;
  return hours > 0 ? hours + ':' + pad(minutes) + ':' + pad(rest) : minutes + ':' + pad(rest);
}

function formatCount(count, noun) {
  return count + ' ' + noun + (count === 1 ? '' : 's');
}

function segmentAt(row, time) {
  for (let i = 0; i < row.segments.length; i += 4) {
    const [label, start, end, confidence] = row.segments.slice(i, i + 4);
    if (time >= start && time < end) return { label, start, end, confidence };
  }
}

function formatMoment(row, time) {
  const segment = segmentAt(row, time);
  const what = segment ? labels[segment.label].name + ', ' + segment.confidence + ' %' : 'no label shown';
  return formatTime(time) + ': ' + what;
}

function probabilitiesAt(row, time) {
  return row.curves
    .map(([label, letters]) => {
      const point = Math.min(letters.length - 1, Math.floor((letters.length * time) / row.length));
      return { label, percent: Math.round((100 * (letters.charCodeAt(point) - ${FIRST_LETTER})) / ${PROBABILITY_STEPS}) };
    })
    .filter(({ percent }) => percent > 0)
    .sort((a, b) => b.percent - a.percent)
    .slice(0, 6);
}

function showTip(row, time, x, y) {
  tip.replaceChildren(
    make('div', {}, formatMoment(row, time)),
    ...probabilitiesAt(row, time).map(({ label, percent }) =>
      make('p', {}, make('span', {}, labels[label].name),
        make('i', { style: { width: percent + '%', background: labels[label].color } }), make('b', {}, percent + ' %'))),
  );
  tip.hidden = false;
  tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - tip.offsetWidth - 8)) + 'px';
  tip.style.top = (y + tip.offsetHeight + 24 > innerHeight ? y - tip.offsetHeight - 14 : y + 20) + 'px';
}

function makeBar(row, play) {
  const cursor = make('b', { hidden: '' });
  const bar = make('div', {
    class: 'bar', role: 'slider', tabindex: 0, 'aria-label': 'Timeline of ' + row.name + ', Enter plays',
    'aria-valuemin': 0, 'aria-valuemax': row.length / 100, 'aria-valuenow': 0, 'aria-valuetext': formatMoment(row, 0),
  });
  let current = 0;
  bar.moveTo = (time) => {
    current = Math.max(0, Math.min(row.length, time));
    cursor.hidden = false;
    cursor.style.left = (100 * current) / row.length + '%';
    bar.setAttribute('aria-valuenow', current / 100);
    bar.setAttribute('aria-valuetext', formatMoment(row, current));
  };
  const timeAt = (event) => {
    const { left, width } = bar.getBoundingClientRect();
    return Math.max(0, Math.min(row.length - 1, Math.round((row.length * (event.clientX - left)) / width)));
  };
  const showCurrent = () => {
    const { left, width, bottom } = bar.getBoundingClientRect();
    showTip(row, current, left + (width * current) / row.length, bottom);
  };
  for (let i = 0; i < row.segments.length; i += 4) {
    const [label, start, end] = row.segments.slice(i, i + 3);
    const share = (100 * (end - start)) / row.length;
    const { name, color, ink } = labels[label];
    const style = { left: (100 * start) / row.length + '%', width: share + '%', background: color, color: ink };
    bar.append(make('i', { style, class: share < 3 ? 'narrow' : null }, share < 3 ? '' : name));
  }
  bar.append(cursor);
  bar.addEventListener('mousemove', (event) => showTip(row, timeAt(event), event.clientX, event.clientY));
  bar.addEventListener('mouseleave', () => (tip.hidden = true));
  bar.addEventListener('blur', () => (tip.hidden = true));
  bar.addEventListener('click', (event) => play(timeAt(event)));
  bar.addEventListener('keydown', (event) => {
    const starts = row.segments.filter((_, i) => i % 4 === 1);
    const step = Math.max(1, row.length / 100);
    const times = {
      ArrowRight: () => current + step, ArrowLeft: () => current - step, Home: () => 0, End: () => row.length,
      PageDown: () => starts.find((start) => start > current) ?? current,
      PageUp: () => starts.filter((start) => start < current).pop() ?? 0,
    };
    if (event.key === 'Enter' || event.key === ' ') play(current);
    else if (event.key === 'Escape') return void (tip.hidden = true);
    else if (times[event.key]) {
      bar.closest('li').querySelector('video')?.pause(); // or it would move the cursor
      bar.moveTo(times[event.key]());
    }
    else return;
    event.preventDefault();
    showCurrent();
  });
  return bar;
}

function makeThumbnails(row, play) {
  const { count, jpeg } = row.thumbnails;
  const picture = new Image();
  const buttons = Array.from({ length: count }, (_, i) => {
    const time = Math.round(((i + 0.5) * row.length) / count);
    const title = 'Play from ' + formatTime(time);
    return make('button', { type: 'button', title, 'aria-label': title, onclick: () => play(time) });
  });
  picture.onload = () => buttons.forEach((button, i) => Object.assign(button.style, {
    width: picture.width / count + 'px', height: picture.height + 'px',
    backgroundImage: 'url(' + picture.src + ')', backgroundPosition: (-i * picture.width) / count + 'px 0',
  }));
  picture.src = 'data:image/jpeg;base64,' + jpeg;
  return make('div', { class: 'thumbnails' }, ...buttons);
}

function makePlayer(row, item, bar) {
  let player;
  return (time) => {
    if (bar) bar.moveTo(time);
    if (!row.href) return;
    if (!player) {
      const close = () => { player.remove(); player = undefined; };
      const video = make('video', { src: row.href, controls: '', playsinline: '', preload: 'auto' });
      player = make('div', { class: 'player' }, video, make('button', { type: 'button', onclick: close }, 'Close'));
      player.video = video;
      video.addEventListener('timeupdate', () => video.paused || bar.moveTo(100 * video.currentTime));
      video.addEventListener('error', () => {
        const link = make('a', { href: row.href }, 'Open the file');
        player.replaceChildren(make('p', { class: 'error', role: 'alert' }, make('b', {}, 'This browser cannot play it. '), link));
      });
      item.append(player);
    }
    const { video } = player;
    const start = () => { video.currentTime = time / 100; video.play().catch(() => undefined); };
    if (video.readyState > 0) start();
    else video.addEventListener('loadedmetadata', start, { once: true });
  };
}

function makeRow(row) {
  const name = row.href ? make('a', { href: row.href }, row.name) : row.name;
  const head = make('header', {}, make('h3', {}, name));
  const item = make('li', { class: row.error ? 'failed' : null }, head);
  for (const [what, href] of Object.entries(row.links || {})) head.append(make('span', {}, make('a', { href }, what)));
  if (row.error) {
    item.append(make('p', { class: 'error' }, make('b', {}, row.error.code + ' '), row.error.message));
    return item;
  }
  const kept = row.segments.length / 4;
  const left = kept < row.numSegments ? ' (the ' + kept + ' longest are shown)' : '';
  const facts = formatTime(row.length) + ' · ' + formatCount(row.numSegments, 'segment') + left + ' · ' + row.confidence + ' % sure';
  head.append(make('span', { class: 'facts' }, facts));
  let play = () => undefined;
  const bar = makeBar(row, (time) => play(time));
  play = makePlayer(row, item, bar);
  if (row.thumbnails) item.append(makeThumbnails(row, (time) => play(time)));
  item.append(bar);
  return item;
}

const ORDERS = {
  given: (a, b) => a.place - b.place,
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  longest: (a, b) => (b.length || 0) - (a.length || 0),
  segments: (a, b) => (b.numSegments || 0) - (a.numSegments || 0),
  unsure: (a, b) => (a.confidence ?? 101) - (b.confidence ?? 101),
};

function isMeant(row, text, status) {
  if (status !== 'all' && (status === 'failed') !== Boolean(row.error)) return false;
  const has = row.segments ? new Set(row.segments.filter((_, i) => i % 4 === 0)) : new Set();
  for (const label of chosen) if (!has.has(label)) return false;
  if (text === '') return true;
  const words = [row.name, row.error?.code, row.error?.message, ...[...has].map((label) => labels[label].name)];
  return words.some((word) => word && word.toLowerCase().includes(text));
}

function refresh() {
  const text = byId('text').value.trim().toLowerCase();
  const order = ORDERS[byId('order').value];
  shown = rows.filter((row) => isMeant(row, text, byId('status').value));
  shown.sort((a, b) => Boolean(b.error) - Boolean(a.error) || order(a, b) || a.place - b.place);
  byId('count').textContent = shown.length + ' of ' + formatCount(rows.length, 'video');
  list.replaceChildren();
  tip.hidden = true;
  numMade = 0;
  makeMore();
}

function makeMore() {
  const next = shown.slice(numMade, numMade + ROWS_AT_A_TIME);
  numMade += next.length;
  list.append(...next.map(makeRow));
  more.hidden = numMade >= shown.length;
}

labels.forEach(({ name, color }, label) => {
  const toggle = (event) => {
    const isChosen = !chosen.delete(label);
    if (isChosen) chosen.add(label);
    event.currentTarget.setAttribute('aria-pressed', isChosen);
    refresh();
  };
  const button = { type: 'button', 'aria-pressed': false, title: 'Only videos that show ' + name, onclick: toggle };
  byId('legend').append(make('button', button, make('i', { style: { background: color } }), name));
});
for (const id of ['text', 'status', 'order']) byId(id).addEventListener('input', refresh);
addEventListener('scroll', () => (tip.hidden = true), { passive: true });
more.addEventListener('click', makeMore);
new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && !more.hidden && makeMore(), { rootMargin: '600px' }).observe(more);
refresh();
`;
