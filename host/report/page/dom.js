// The page's data, and how elements are made of them: always as text, never as markup.
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);

function make(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'css') for (const [key, setting] of Object.entries(value)) node.style.setProperty(key, setting);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined));
  return node;
}

const el = (tag, attributes = {}, ...children) => make(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  make(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

// What was picked outlives a reload, as far as the browser lets it. Pages of other experiments have a memory of their own.
const place = `labhost ${data.title} ${data.experiments.map(({ name }) => name).join()} `;
const memory = {
  get(key, otherwise) {
    try {
      const text = sessionStorage.getItem(place + key);
      return text === null ? otherwise : JSON.parse(text);
    } catch { return otherwise; }
  },
  set(key, value) {
    try { sessionStorage.setItem(place + key, JSON.stringify(value)); } catch { /* then it does not */ }
  },
};

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
const fixed = (value, digits) => (isNumber(value) ? value.toFixed(digits) : '\u2013');
const signed = (value, digits) => (isNumber(value) ? (value < 0 ? '\u2212' : '+') + Math.abs(value).toFixed(digits) : '\u2013');
const probability = (p) => (!isNumber(p) ? '\u2013' : p < 1e-4 ? p.toExponential(1) : p.toFixed(4));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) => {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
};
const shown = (value) => (value === null || value === undefined ? '\u2013' : typeof value === 'object' ? JSON.stringify(value) : String(value));
const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

const has = (key) => data.runs.some((run) => (run.epochs[key] ?? []).some(isNumber));
const varies = (key) => data.runs.some((run) => new Set(run.epochs[key] ?? []).size > 1);
const metrics = [
  { key: 'train.loss', name: 'Training loss', short: 'train loss', digits: 4, published: 'train_loss' },
  { key: 'train.accuracy', name: 'Training accuracy (%)', short: 'train %', digits: 2, published: 'train_accuracy', wanted: has },
  { key: 'validation.loss', name: 'Validation loss', short: 'validation loss', digits: 4, wanted: has },
  { key: 'validation.accuracy', name: 'Validation accuracy (%)', short: 'validation %', digits: 2, wanted: has },
  { key: 'test.loss', name: 'Test loss', short: 'test loss', digits: 4, published: 'test_loss' },
  { key: 'test.accuracy', name: 'Test accuracy (%)', short: 'test %', digits: 2, published: 'test_accuracy', wanted: has },
  { key: 'test.mae', name: 'Test mean absolute error', short: 'mae', digits: 4, wanted: has },
  { key: 'test.rmse', name: 'Test root mean square error', short: 'rmse', digits: 4, wanted: has },
  { key: 'test.r2', name: 'Test R\u00b2', short: 'r\u00b2', digits: 4, wanted: has },
  { key: 'test.f1_micro', name: 'Test micro F1', short: 'f1 micro', digits: 4, wanted: has },
  { key: 'lr', name: 'Learning rate', short: 'lr', digits: 6, wanted: varies },
].filter(({ key, wanted }) => !wanted || wanted(key));

const configurationOf = (run) => data.configurations[run.configuration];
const runsOf = (index) => data.runs.filter((run) => run.configuration === index);
const lastOf = (run, key) => {
  const values = run.epochs[key];
  return run.status === 'finished' && values ? values[values.length - 1] : null;
};
const keepsAnEarlierEpoch = (run) => run.kept > 0 && run.kept !== lastOf(run, 'epoch');
const publishedOf = (configuration, metric) => {
  const values = configuration.reference[metric.published];
  return values ? values[configuration.epochs - 1] ?? null : null;
};
const classNames = (configuration, count) =>
  configuration.classes && configuration.classes.length === count ? configuration.classes
    : Array.from({ length: count }, (_, i) => String(i));

function select(name, options, chosen, onchange) {
  const known = options.some(([value]) => String(value) === String(chosen));
  const box = el('select', { 'aria-label': name, onchange: () => onchange(box.value) },
    options.map(([value, text]) => el('option', { value }, text)));
  if (known) box.value = chosen;
  return el('label', {}, name + ' ', box);
}

function checkbox(text, checked, onchange, swatch) {
  const box = el('input', { type: 'checkbox', onchange: () => onchange(box.checked) });
  box.checked = checked;
  return el('label', { class: 'check' }, box, swatch ?? null, ' ' + text);
}

// What can be opened; open or not, it stays so over a reload.
function fold(title, ...content) {
  const name = 'open ' + (typeof title === 'string' ? title : title.textContent);
  return el('details', { open: memory.get(name, false), ontoggle: ({ target }) => memory.set(name, target.open) },
    el('summary', {}, title), content);
}

// rows: [[cell, ...], ...]; a cell is a text or a node.
function table(header, rows, { left = 1, caption } = {}) {
  const cell = (tag, content, column) => el(tag, { class: column < left ? 'left' : null, scope: tag === 'th' ? 'col' : null }, content);
  return el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption ?? 'table' }, el('table', {},
    caption ? el('caption', { class: 'hidden' }, caption) : null,
    el('thead', {}, el('tr', {}, header.map((text, i) => cell('th', text, i)))),
    el('tbody', {}, rows.map((row) => el('tr', {}, row.map((content, i) => cell('td', content, i)))))));
}
