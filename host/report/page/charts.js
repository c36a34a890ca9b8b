// Charts: learning curves, and a metric against a parameter. Drawn by Chart.js; each has its values as a table too.

const palettes = {
  light: ['#1f6fb4', '#d1590c', '#21863a', '#b3262b', '#7a4fb5', '#8a5a44', '#c2449a', '#5f6368', '#8a8500', '#0e8a98'],
  dark: ['#6cb2f0', '#ff9a55', '#5fce7b', '#ff7b7b', '#b99af0', '#cfa08a', '#f08fd0', '#b5bac0', '#d8d35a', '#5ad3e2'],
};
const dashes = [[], [7, 4], [2, 3]];
const points = ['circle', 'triangle', 'rect', 'rectRot', 'star', 'crossRot'];

let printing = false;
const darkWanted = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => !printing && (document.documentElement.dataset.theme ?? (darkWanted.matches ? 'dark' : 'light')) === 'dark';
const colour = (index) => palettes[isDark() ? 'dark' : 'light'][index % 10];
const dash = (index) => dashes[Math.floor(index / 10) % dashes.length];
const faint = (hex) => hex + '33';

// All that is drawn, so that another theme or a printer can have it drawn again.
const drawn = new Map();

function chart(name, configure) {
  const canvas = el('canvas', { role: 'img', 'aria-label': name });
  const draw = () => {
    drawn.get(canvas)?.chart.destroy();
    const text = isDark() ? '#d6dae0' : '#2b3036';
    const grid = isDark() ? '#3a4048' : '#dfe3e8';
    const configuration = configure({ text, grid });
    drawn.set(canvas, { chart: new Chart(canvas, configuration), draw });
  };
  return { node: el('div', { class: 'chart' }, canvas), draw };
}

const redraw = () => [...drawn.values()].forEach(({ draw }) => draw());
darkWanted.addEventListener('change', redraw);
let opened = [];
addEventListener('beforeprint', () => {
  printing = true;
  opened = [...document.querySelectorAll('details:not([open])')];
  opened.forEach((details) => { details.open = true; });  // what is folded would be missing on paper
  redraw();
});
addEventListener('afterprint', () => {
  printing = false;
  opened.forEach((details) => { details.open = false; });
  redraw();
});

function axis(title, { text, grid }, more = {}) {
  return { title: { display: true, text: title, color: text }, ticks: { color: text }, grid: { color: grid }, ...more };
}

function options(x, y, label) {
  return {
    animation: false, responsive: true, maintainAspectRatio: false, parsing: false, scales: { x, y },
    interaction: { mode: 'nearest', axis: 'x', intersect: false },
    plugins: { legend: { display: false }, tooltip: { filter: (item) => item.dataset.label !== undefined, callbacks: { label } } },
  };
}

// ---- learning curves

// Of each epoch that some run of the configuration has: mean and deviation over these runs.
function curve(index, key) {
  const byEpoch = new Map();
  for (const run of runsOf(index))
    (run.epochs.epoch ?? []).forEach((epoch, i) => {
      const value = run.epochs[key][i];
      if (!isNumber(value)) return;
      if (!byEpoch.has(epoch)) byEpoch.set(epoch, []);
      byEpoch.get(epoch).push(value);
    });
  return [...byEpoch].sort(([a], [b]) => a - b)
    .map(([x, values]) => ({ x, y: mean(values), spread: deviation(values), seeds: values.length }));
}

// A sample of a line: its colour, dashes and points, as far as these tell it from the others.
const sample = (index) => svg('svg', { class: 'sample', viewBox: '0 0 28 12', 'aria-hidden': true,
  css: { '--light': palettes.light[index % 10], '--dark': palettes.dark[index % 10] } },
  svg('line', { x1: 0, x2: 28, y1: 6, y2: 6, 'stroke-dasharray': dash(index).join(' ') || null }),
  [
    () => svg('circle', { cx: 14, cy: 6, r: 4 }), () => svg('path', { d: 'M14 1 L19 10 L9 10 Z' }), () => svg('rect', { x: 10, y: 2, width: 8, height: 8 }),
    () => svg('path', { d: 'M14 1 L19 6 L14 11 L9 6 Z' }), () => svg('path', { d: 'M14 1 V11 M9 6 H19 M10 2 L18 10 M18 2 L10 10' }), () => svg('path', { d: 'M10 2 L18 10 M18 2 L10 10' }),
  ][index % points.length]());

const look = (index) => ({
  borderColor: colour(index), backgroundColor: colour(index), borderDash: dash(index), borderWidth: 2,
  pointStyle: points[index % points.length], pointRadius: 4, pointHoverRadius: 6,
});

function curveDatasets(index, metric, single) {
  const label = data.configurations[index].label;
  if (single)
    return runsOf(index).filter((run) => run.epochs.epoch).map((run) => ({
      ...look(index), label: run.id, borderWidth: 1, pointRadius: 2,
      data: run.epochs.epoch.map((x, i) => ({ x, y: run.epochs[metric.key][i] ?? NaN })),
    }));
  const middle = curve(index, metric.key);
  const edge = { pointRadius: 0, pointHoverRadius: 0, borderWidth: 0, backgroundColor: faint(colour(index)) };
  return [
    { ...edge, data: middle.map(({ x, y, spread }) => ({ x, y: y - spread })), fill: false },
    { ...edge, data: middle.map(({ x, y, spread }) => ({ x, y: y + spread })), fill: '-1' },
    { ...look(index), label, data: middle },
  ];
}

function curves() {
  const all = data.configurations.map((_, index) => index);
  const labelOf = (index) => data.configurations[index].label;
  const state = { hidden: memory.get('hidden', []), log: memory.get('log', false), single: memory.get('single', false) };
  const isPicked = (index) => !state.hidden.includes(labelOf(index));
  const charts = metrics.map((metric) => chart(`${metric.name} by epoch; its values are in the table below the charts`, (theme) => ({
    type: 'line',
    data: { datasets: all.filter(isPicked).flatMap((index) => curveDatasets(index, metric, state.single)) },
    options: options(
      axis('epoch', theme, { type: 'linear', ticks: { color: theme.text, precision: 0 } }),
      axis(metric.name, theme, { type: state.log ? 'logarithmic' : 'linear' }),
      ({ dataset, raw }) => `${dataset.label}: ${fixed(raw.y, metric.digits)}` +
        (raw.seeds > 1 ? ` \u00b1 ${fixed(raw.spread, metric.digits)} (${raw.seeds} seeds)` : '')),
  })));
  const update = () => {
    for (const key of Object.keys(state)) memory.set(key, state[key]);
    charts.forEach(({ draw }) => draw());
  };
  const picks = el('fieldset', { class: 'picks' });
  const fill = () => picks.replaceChildren(
    el('legend', {}, 'Configurations'),
    ...all.map((index) => checkbox(labelOf(index), isPicked(index), (on) => {
      state.hidden = all.filter((i) => (i === index ? !on : !isPicked(i))).map(labelOf);
      update();
    }, sample(index))),
    el('button', { type: 'button', onclick: () => { state.hidden = []; fill(); update(); } }, 'all'),
    el('button', { type: 'button', onclick: () => { state.hidden = all.map(labelOf); fill(); update(); } }, 'none'));
  fill();
  const values = data.configurations.flatMap((configuration, index) => {
    const of = metrics.map(({ key }) => curve(index, key));
    const epochs = [...new Set(of.flatMap((points) => points.map(({ x }) => x)))].sort((a, b) => a - b);
    return epochs.map((epoch) => [configuration.label, String(epoch), ...of.map((points, i) => {
      const point = points.find(({ x }) => x === epoch);
      return point ? `${fixed(point.y, metrics[i].digits)} \u00b1 ${fixed(point.spread, metrics[i].digits)}` : '\u2013';
    })]);
  });
  return {
    node: [
      el('div', { class: 'controls' },
        checkbox('each run by itself', state.single, (on) => { state.single = on; update(); }),
        checkbox('logarithmic', state.log, (on) => { state.log = on; update(); })),
      picks,
      el('div', { class: 'charts' }, charts.map((one, i) => el('figure', {}, el('figcaption', {}, metrics[i].name), one.node))),
      el('p', { class: 'note' }, 'Lines are means over seeds, bands one standard deviation to either side.'),
      fold('The curves as a table',
        table(['configuration', 'epoch', ...metrics.map(({ name }) => name)], values, { left: 2, caption: 'learning curves' })),
    ],
    draw: () => charts.forEach(({ draw }) => draw()),
  };
}

// ---- a metric against a parameter

function parameters() {
  const state = { key: memory.get('key', data.swept[0]), metric: memory.get('against', 'test.accuracy') };
  if (!metrics.some(({ key }) => key === state.metric)) state.metric = 'test.loss';
  if (!data.swept.includes(state.key)) state.key = data.swept[0];
  const holder = el('div');
  // A line for each experiment and model, and each value of what else was swept.
  const samples = () => {
    const found = [];
    data.configurations.forEach((configuration, index) => {
      if (!(state.key in configuration.swept)) return;
      const values = runsOf(index).map((run) => lastOf(run, state.metric)).filter(isNumber);
      const others = Object.entries(configuration.swept).filter(([key]) => key !== state.key && !fixedFor(configuration, key))
        .map(([key, value]) => `${key.replace(/^params\./, '')} ${shown(value)}`);
      const several = new Set(data.configurations.map(({ experiment }) => experiment)).size > 1;
      const line = [(several ? configuration.experiment + '/' : '') + configuration.model, ...others].join(', ');
      if (values.length) found.push({ at: configuration.swept[state.key], line, values });
    });
    return found.sort((a, b) => (isNumber(a.at) && isNumber(b.at) ? a.at - b.at : shown(a.at).localeCompare(shown(b.at))));
  };
  // Whether a swept key has one value only within a model: then it tells no lines apart.
  const fixedFor = ({ model, experiment }, key) => new Set(data.configurations
    .filter((other) => other.model === model && other.experiment === experiment).map((other) => shown(other.swept[key]))).size < 2;
  let one;
  const show = () => {
    memory.set('key', state.key);
    memory.set('against', state.metric);
    const metric = metrics.find(({ key }) => key === state.metric);
    const found = samples();
    const numeric = found.every(({ at }) => isNumber(at));
    const labels = [...new Set(found.map(({ at }) => shown(at)))];
    const place = (at) => (numeric ? at : labels.indexOf(shown(at)));
    const lines = [...new Set(found.map(({ line }) => line))];
    if (one) {
      drawn.get(one.node.firstChild)?.chart.destroy();
      drawn.delete(one.node.firstChild);
    }
    one = chart(`${metric.name} against ${state.key}; its values are in the table below`, (theme) => ({
      type: 'line',
      data: { datasets: lines.flatMap((line, i) => {
        const of = found.filter((point) => point.line === line);
        return [
          { ...look(i), label: line, data: of.map(({ at, values }) => ({ x: place(at), y: mean(values), spread: deviation(values), seeds: values.length })) },
          { ...look(i), showLine: false, pointRadius: 2, pointStyle: 'circle', backgroundColor: faint(colour(i)),
            data: of.flatMap(({ at, values }) => values.map((y) => ({ x: place(at), y }))) },
        ];
      }) },
      options: options(
        axis(state.key, theme, { type: 'linear', ticks: { color: theme.text, ...(numeric ? {} : { stepSize: 1, callback: (i) => labels[i] ?? '' }) } }),
        axis(metric.name, theme, { type: 'linear' }),
        ({ dataset, raw }) => `${dataset.label}: ${fixed(raw.y, metric.digits)} \u00b1 ${fixed(raw.spread, metric.digits)} (${plural(raw.seeds, 'seed')})`),
    }));
    holder.replaceChildren(
      el('figure', {}, el('figcaption', {}, `${metric.name} against ${state.key}`),
        el('p', { class: 'legend' }, lines.map((line, i) => el('span', {}, sample(i), ' ' + line))), one.node),
      fold('The points as a table', table(['line', state.key, 'seeds', 'mean', 'deviation'],
        found.map(({ at, line, values }) => [line, shown(at), String(values.length), fixed(mean(values), metric.digits),
          fixed(deviation(values), metric.digits)]), { left: 2, caption: `${metric.name} against ${state.key}` })));
    if (holder.isConnected) one.draw();
  };
  show();
  return {
    node: [
      el('div', { class: 'controls' },
        select('parameter', data.swept.map((key) => [key, key]), state.key, (key) => { state.key = key; show(); }),
        select('metric', metrics.map(({ key, name }) => [key, name]), state.metric, (key) => { state.metric = key; show(); })),
      holder,
      el('p', { class: 'note' }, 'At the last epoch: lines are means over seeds, small points the seeds.'),
    ],
    draw: () => one.draw(),
  };
}
