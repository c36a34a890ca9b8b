// The page's sections besides the charts: each gives a node, or null where there is nothing to say.

function summary() {
  const statuses = [...new Set(data.runs.map(({ status }) => status))];
  const counts = statuses.map((status) => `${data.runs.filter((run) => run.status === status).length} ${status}`);
  const seeds = new Set(data.runs.map(({ seed }) => seed)).size;
  return el('p', { class: 'summary' }, `${plural(data.configurations.length, 'configuration')}, ${plural(seeds, 'seed')}, ` +
    `${plural(data.runs.length, 'run')}: ${counts.join(', ')}.` +
    (data.swept.length ? ` Varied within a model: ${data.swept.join(', ')}.` : ''));
}

function asked() {
  return [
    fold('Settings that all runs share', table(['setting', 'value'], data.shared, { left: 2, caption: 'shared settings' })),
    data.experiments.map(({ name, file, source }) => fold(`The experiment's file: ${file || name}`, el('pre', { tabindex: 0 }, source))),
  ];
}

// ---- claims

// The interval on a line, with what it is held against.
function interval(claim) {
  const about = claim.test === 'about';
  if (!isNumber(claim.low)) return null;
  const marks = claim.test === 'greater' ? [claim.margin]
    : about ? [claim.value - claim.margin, claim.value + claim.margin] : [-claim.margin, claim.margin];
  const all = [claim.low, claim.high, ...marks, about ? claim.value : 0];
  const least = Math.min(...all), most = Math.max(...all), width = 240;
  const x = (value) => 10 + (most === least ? 0.5 : (value - least) / (most - least)) * (width - 20);
  return svg('svg', { viewBox: `0 0 ${width} 34`, class: 'interval', role: 'img',
    'aria-label': `effect ${fixed(claim.effect, 3)}, 95 % interval ${fixed(claim.low, 3)} to ${fixed(claim.high, 3)}` },
    svg('line', { class: 'axis', x1: 4, x2: width - 4, y1: 17, y2: 17 }),
    about ? null : svg('line', { class: 'zero', x1: x(0), x2: x(0), y1: 4, y2: 30 }),
    marks.map((value) => svg('line', { class: 'margin', x1: x(value), x2: x(value), y1: 6, y2: 28 })),
    svg('line', { class: 'span', x1: x(claim.low), x2: x(claim.high), y1: 17, y2: 17 }),
    svg('circle', { class: 'point', cx: x(claim.effect), cy: 17, r: 4.5 }));
}

function claims() {
  if (!data.claims.length) return null;
  const rank = { 'not supported': 0, undecided: 1, supported: 2 };
  const compared = ({ test, of, than, value, margin, metric }) =>
    test === 'greater' ? `${metric}: ${of} above ${than}${margin ? ' by more than ' + margin : ''}`
      : test === 'about' ? `${metric}: ${of} within ${margin} of ${value}` : `${metric}: ${of} and ${than} within ${margin}`;
  const figures = (claim) => [
    claim.effect === null ? null : `${claim.test === 'about' ? 'mean' : 'difference'} ${claim.test === 'about' ? fixed(claim.effect, 3) : signed(claim.effect, 3)}`,
    isNumber(claim.low) ? `95 %: ${fixed(claim.low, 3)} to ${fixed(claim.high, 3)}` : null,
    isNumber(claim.p) ? `p ${probability(claim.p)}, adjusted ${probability(claim.p_adjusted)}, by permutation ${probability(claim.p_permutation)}` : null,
    plural(claim.seeds, 'seed'),
  ].filter(Boolean).join(' \u00b7 ');
  const counts = Object.keys(rank).reverse().map((kind) => [kind, data.claims.filter(({ verdict }) => verdict === kind).length]);
  return [
    el('p', {}, counts.filter(([, count]) => count).map(([kind, count]) => `${count} ${kind}`).join(', ') + '.'),
    el('ul', { class: 'claims' }, [...data.claims].sort((a, b) => rank[a.verdict] - rank[b.verdict]).map((claim) =>
      el('li', { class: claim.verdict.replace(' ', '-') },
        el('span', { class: 'badge' }, claim.verdict), el('div', {},
          el('h3', {}, claim.says), el('p', {}, compared(claim)), interval(claim), el('p', { class: 'figures' }, figures(claim)),
          claim.reason ? el('p', {}, claim.reason) : null,
          claim.also_differ_in ? el('p', { class: 'beware' }, `Beware: the runs differ in ${claim.also_differ_in} too.`) : null)))),
    el('p', { class: 'note' }, 'Runs are paired by seed. Paired t tests, adjusted for all claims (Holm). "Not supported": the opposite is significant. ' +
      'In the drawings a dashed line is the margin, a dotted one zero.'),
  ];
}

// ---- runs

function runs() {
  const hasPublished = data.configurations.some(({ reference }) => Object.keys(reference).length);
  const state = { sort: memory.get('sort', null), down: memory.get('down', false), filter: memory.get('filter', ''), means: memory.get('means', false) };
  const several = new Set(data.configurations.map(({ experiment }) => experiment)).size > 1;
  // A column: its title, the value that sorts, and how it is shown.
  const columns = [
    several ? { title: 'experiment', value: (row) => row.configuration.experiment } : null,
    { title: 'run', value: (row) => row.name },
    ...data.swept.map((key) => ({ title: key, value: (row) => row.configuration.swept[key] ?? null })),
    { title: 'status', value: (row) => row.status },
    ...metrics.flatMap((metric) => [
      { title: metric.short, number: true, value: (row) => row.values[metric.key],
        show: (row) => fixed(row.values[metric.key], metric.digits) + (row.spread ? ` \u00b1 ${fixed(row.spread[metric.key], metric.digits)}` : '') },
      hasPublished ? { title: 'publ.', of: metric.short, number: true, value: (row) => publishedOf(row.configuration, metric),
        show: (row) => fixed(publishedOf(row.configuration, metric), metric.digits) } : null,
    ]),
    data.runs.some(keepsAnEarlierEpoch) ? { title: 'kept epoch', number: true, value: (row) => row.kept ?? null, show: (row) => shown(row.kept) } : null,
    { title: 'seconds', number: true, value: (row) => row.seconds, show: (row) => fixed(row.seconds, 1) },
  ].filter(Boolean).map((column) => ({ ...column, name: column.of ? `${column.title} (${column.of})` : column.title }));
  const single = data.runs.map((run) => ({
    name: run.id, configuration: configurationOf(run), status: run.status, seconds: run.seconds, kept: run.kept || null,
    values: Object.fromEntries(metrics.map(({ key }) => [key, lastOf(run, key)])), words: `${run.id} ${run.status} ${run.fingerprint}`,
  }));
  const together = data.configurations.map((configuration, index) => {
    const of = runsOf(index).filter(({ status }) => status === 'finished');
    const values = (key) => of.map((run) => lastOf(run, key)).filter(isNumber);
    const middle = (numbers) => (numbers.length ? mean(numbers) : null);
    return {
      name: configuration.label, configuration, status: `${of.length} finished`, seconds: middle(of.map(({ seconds }) => seconds).filter(isNumber)),
      values: Object.fromEntries(metrics.map(({ key }) => [key, middle(values(key))])),
      spread: Object.fromEntries(metrics.map(({ key }) => [key, deviation(values(key))])), words: configuration.label,
    };
  });
  const body = el('tbody');
  const count = el('span', { class: 'note', role: 'status' });
  const compare = (column, a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    const [noX, noY] = [x === null || x === undefined, y === null || y === undefined];
    if (noX || noY) return noX - noY;  // what has no value is last, either way
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : shown(x).localeCompare(shown(y), undefined, { numeric: true });
    return state.down ? -order : order;
  };
  const update = () => {
    for (const key of Object.keys(state)) memory.set(key, state[key]);
    const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
    const all = state.means ? together : single;
    const rows = all.filter((row) => words.every((word) => row.words.toLowerCase().includes(word)));
    const column = columns.find(({ name }) => name === state.sort);
    if (column) rows.sort((a, b) => compare(column, a, b));
    body.replaceChildren(...rows.map((row) => el('tr', { class: row.status === 'failed' ? 'failed' : null }, columns.map((column) =>
      el(column.title === 'run' ? 'th' : 'td', { scope: column.title === 'run' ? 'row' : null, class: column.number ? null : 'left' },
        column.show ? column.show(row) : shown(column.value(row)))))));
    heads.forEach((head, i) => head.setAttribute('aria-sort', columns[i].name !== state.sort ? 'none' : state.down ? 'descending' : 'ascending'));
    count.textContent = `${rows.length} of ${all.length}`;
  };
  const heads = columns.map((column) => el('th', { scope: 'col', class: column.number ? null : 'left' },
    el('button', { type: 'button', 'aria-label': `${column.name}, sort`, onclick: () => {
      [state.down, state.sort] = [state.sort === column.name ? !state.down : false, column.name];
      update();
    } }, column.title)));
  const filter = el('input', { type: 'search', placeholder: 'net3 finished', oninput: () => { state.filter = filter.value; update(); } });
  filter.value = state.filter;
  update();
  return [
    el('div', { class: 'controls' }, el('label', {}, 'filter ', filter),
      checkbox('means over seeds', state.means, (on) => { state.means = on; update(); }), count),
    el('div', { class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': 'runs' },
      el('table', { id: 'runs-table' }, el('thead', {}, el('tr', {}, heads)), body)),
    el('p', { class: 'note' }, `Each run's last epoch${hasPublished ? '; "publ.": what was published for it' : ''}.`),
  ];
}

function failures() {
  const failed = data.runs.filter(({ status }) => status === 'failed');
  if (!failed.length) return null;
  return failed.map((run) => el('details', { open: failed.length < 6 }, el('summary', {}, el('strong', {}, run.id), `: ${run.reason}`),
    el('pre', { tabindex: 0 }, run.log || 'Its log is empty.'), el('p', { class: 'note' }, run.folder)));
}

function noise() {
  const known = data.noise.filter(({ seeds }) => seeds > 1);
  if (!known.length) return null;
  return [
    table(['configuration', 'metric', 'seeds', 'mean', 'deviation', 'least', 'most', 'resolves'], known.map((floor) =>
      [floor.configuration, floor.metric, String(floor.seeds), ...['mean', 'deviation', 'least', 'most', 'resolves'].map((key) => fixed(floor[key], 4))]),
    { left: 2, caption: 'spread over seeds' }),
    el('p', { class: 'note' }, 'Resolves: the least difference between two such configurations that so many seeds find four times in five ' +
      '(one-sided paired t test, alpha 0.05, pairs independent).'),
  ];
}

// ---- classes

// Shares of `colour` behind a cell's text.
const shaded = (text, share, kind) => el('span', { class: `shade ${kind}`, css: { '--share': `${Math.round(share * 60)}%` } }, text);

// Of all seeds that know as many classes as the first.
function confusionOf(index) {
  const some = runsOf(index).filter(({ confusion }) => confusion);
  const all = some.filter(({ confusion }) => confusion.length === some[0].confusion.length);
  return all.length ? all.map(({ confusion }) => confusion).reduce((a, b) => a.map((row, i) => row.map((n, j) => n + b[i][j]))) : null;
}

function classes() {
  const found = data.configurations.map((configuration, index) => ({ configuration, confusion: confusionOf(index) })).filter(({ confusion }) => confusion);
  if (!found.length) return null;
  const most = Math.max(...found.map(({ confusion }) => confusion.length));
  const sum = (row) => row.reduce((a, b) => a + b, 0);
  const names = classNames(found[0].configuration, most);
  const accuracies = found.map(({ configuration, confusion }) => [configuration.label, ...confusion.map((row, i) => {
    const total = sum(row);
    return total ? shaded((100 * row[i] / total).toFixed(1), row[i] / total, 'good') : '\u2013';
  })]);
  const holder = el('div');
  const show = (label) => {
    memory.set('confusion', label);
    const { configuration, confusion } = found.find((one) => one.configuration.label === label) ?? found[0];
    const own = classNames(configuration, confusion.length);
    holder.replaceChildren(table(['is, taken for', ...own], confusion.map((row, i) => [own[i], ...row.map((n, j) =>
      shaded(String(n), i === j ? n / (sum(row) || 1) : Math.min(1, 8 * n / (sum(row) || 1)), i === j ? 'good' : 'bad'))]),
    { caption: `confusion matrix of ${configuration.label}` }));
  };
  const first = memory.get('confusion', found[0].configuration.label);
  show(first);
  return [
    el('h3', {}, 'Accuracy by class (%)'),
    table(['configuration', ...names], accuracies, { caption: 'accuracy by class' }),
    el('h3', {}, 'Confusion matrix'),
    el('div', { class: 'controls' }, select('configuration', found.map(({ configuration: { label } }) => [label, label]), first, show)),
    holder,
    el('p', { class: 'note' }, 'Test examples after the last epoch, or that which a run kept, all seeds together. Rows: the label; columns: what it was taken for.'),
  ];
}

/** Grey, or red, green, blue and perhaps alpha, one channel after the other. */
function picture({ height, width, channels = 1, pixels }, name) {
  const canvas = el('canvas', { width, height, role: 'img', 'aria-label': name });
  const bytes = atob(pixels);
  const image = new ImageData(width, height);
  const size = width * height;
  const value = (channel, i) => (channels === 1 ? bytes.charCodeAt(i) : bytes.charCodeAt(channel * size + i));
  for (let i = 0; i < size; ++i) image.data.set([value(0, i), value(1, i), value(2, i), channels === 4 ? value(3, i) : 255], 4 * i);
  canvas.getContext('2d').putImageData(image, 0, 0);
  return canvas;
}

/** A run to choose among those found, and below it what draw(run) gives of it; the choice is remembered under `key`. */
function ofOneRun(key, found, draw, note) {
  if (!found.length) return null;
  const holder = el('div', { class: key });
  const show = (id) => {
    memory.set(key, id);
    holder.replaceChildren(...draw(found.find((one) => one.folder === id) ?? found[0]));
  };
  const first = memory.get(key, found[0].folder);
  show(first);
  return [
    el('div', { class: 'controls' }, select('run', found.map((run) => [run.folder, run.id]), first, show)),
    holder,
    el('p', { class: 'note' }, note),
  ];
}

function mistakes() {
  const figure = (run, { example, label, predicted, probabilities, image, values }) => {
    const names = classNames(configurationOf(run), probabilities.length);
    const likely = probabilities.map((p, i) => [p, i]).sort(([a], [b]) => b - a).slice(0, 3);
    const shown = likely.some(([, i]) => i === label) ? likely : [...likely, [probabilities[label], label]];
    const sight = values
      ? el('ol', { class: 'values', start: 0, 'aria-label': `the values of test example ${example}` }, values.map((value) => el('li', {}, value)))
      : picture(data.images[image], `test image ${example}: a ${names[label]}, taken for ${names[predicted]}`);
    return el('figure', {}, sight,
      el('figcaption', {}, el('strong', {}, names[label]), ` taken for `, el('strong', {}, names[predicted]),
        el('span', { class: 'note' }, ` no. ${example}`),
        el('ol', {}, shown.map(([p, i]) => el('li', {}, el('span', {}, names[i]),
          el('span', { class: 'bar', css: { '--share': `${100 * (p ?? 0)}%` } }), el('span', { class: 'number' }, isNumber(p) ? `${(100 * p).toFixed(1)} %` : 'nan'))))));
  };
  return ofOneRun('mistakes', data.runs.filter((run) => run.mistakes?.length), (run) => run.mistakes.map((mistake) => figure(run, mistake)),
    'Those to whose label the network gives the least probability, and what it gives.');
}

// ---- regressions

/** Points in a square, and the line between two points on which they should lie. */
function scatter(points, [from, to], name) {
  const size = 260, edge = 8;
  const scale = (axis) => {
    const values = [...points, from, to].map((point) => point[axis]);
    const least = Math.min(...values), most = Math.max(...values);
    return (value) => edge + (most === least ? 0.5 : (value - least) / (most - least)) * (size - 2 * edge);
  };
  const x = scale(0), y = scale(1);
  return el('figure', {}, el('figcaption', {}, name),
    svg('svg', { viewBox: `0 0 ${size} ${size}`, class: 'scatter', role: 'img', 'aria-label': name },
      svg('line', { x1: x(from[0]), y1: size - y(from[1]), x2: x(to[0]), y2: size - y(to[1]) }),
      points.map(([at, value]) => svg('circle', { cx: x(at), cy: size - y(value), r: 2.2 }))));
}

function fits() {
  const draw = ({ fit }) => {
    const all = fit.flat(), least = Math.min(...all), most = Math.max(...all);
    return [
      scatter(fit, [[least, least], [most, most]], 'predicted (upwards) against true'),
      scatter(fit.map(([target, predicted]) => [target, predicted - target]), [[least, 0], [most, 0]], 'residual: predicted less true (upwards), against true'),
    ];
  };
  return ofOneRun('fits', data.runs.filter((run) => run.fit?.length), draw,
    'Of the first output, for the first test examples, after the last epoch or that which a run kept.');
}

function timings() {
  const rows = data.configurations.map((configuration, index) => {
    const of = runsOf(index);
    const whole = of.map(({ seconds, status }) => (status === 'finished' ? seconds : null)).filter(isNumber);
    const epochs = of.flatMap((run) => run.epochs.seconds ?? []).filter(isNumber);
    return { label: configuration.label, whole, epochs };
  }).filter(({ epochs }) => epochs.length);
  if (!rows.length) return null;
  const longest = Math.max(...rows.map(({ epochs }) => mean(epochs)));
  const least = (values) => values.reduce((a, b) => Math.min(a, b));
  const most = (values) => values.reduce((a, b) => Math.max(a, b));
  const total = data.runs.map(({ seconds }) => seconds).filter(isNumber).reduce((a, b) => a + b, 0);
  return [
    table(['configuration', 'runs', 'seconds a run', 'seconds an epoch', 'least', 'most', ''], rows.map(({ label, whole, epochs }) =>
      [label, String(whole.length), fixed(whole.length ? mean(whole) : null, 1), fixed(mean(epochs), 2), fixed(least(epochs), 2),
        fixed(most(epochs), 2), el('span', { class: 'bar', css: { '--share': `${100 * mean(epochs) / longest}%` } })]),
    { caption: 'timings' }),
    el('p', { class: 'note' }, `${(total / 60).toFixed(1)} minutes of training and testing in all, side by side or not.`),
  ];
}

function provenance() {
  const machines = data.machines.map((machine) => ({ machine, runs: data.runs.filter((run) => data.machines[run.machine] === machine).length }));
  const plain = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
  return [
    data.plugins.length ? table(['model', 'version', 'SHA-256', 'built for', 'file'], data.plugins.map((plugin) =>
      [plugin.model, plugin.version ?? '', el('code', {}, plugin.sha256 ?? ''), plugin.stamp ?? '', plugin.file ?? '']), { left: 5, caption: 'plugins' }) : null,
    machines.map(({ machine, runs }) => table([plural(runs, 'run'), 'with'], Object.entries(machine).filter(([, value]) => value !== '')
      .map(([key, value]) => [key, plain(value)]), { left: 2, caption: 'where and with what the runs were made' })),
    data.experiments.filter(({ command }) => command).map(({ name, command, git, file }) => table([name, ''],
      [['last run by', el('code', {}, command)], ['file', file], ['git revision', git || 'not in git']], { left: 2, caption: `experiment ${name}` })),
    el('p', { class: 'note' }, `Made ${data.made} by labhost ${data.labhost}: `, el('code', {}, data.command)),
  ];
}
