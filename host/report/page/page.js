// Puts the page together.

function live() {
  if (!data.reload) return null;
  let wait = null;
  const isTyped = () => document.activeElement?.matches('input[type=search], select');
  const again = () => { wait = setTimeout(() => (isTyped() ? again() : location.reload()), 1000 * data.reload); };
  const button = el('button', { type: 'button', 'aria-pressed': false, onclick: () => {
    const stopped = wait === null;
    if (stopped) again(); else { clearTimeout(wait); wait = null; }
    button.setAttribute('aria-pressed', String(!stopped));
    button.textContent = stopped ? 'stop' : 'go on';
  } }, 'stop');
  again();
  const over = data.runs.filter(({ status }) => status === 'finished' || status === 'failed').length;
  return el('p', { class: 'live' }, `Runs are under way: ${over} of ${data.runs.length} are over. The page loads itself again every ${plural(data.reload, 'second')}. `, button);
}

function themeButton() {
  const button = el('button', { type: 'button', onclick: () => { memory.set('theme', isDark() ? 'light' : 'dark'); apply(); redraw(); } });
  const apply = () => {
    const theme = memory.get('theme', null);
    if (theme) document.documentElement.dataset.theme = theme;
    button.textContent = isDark() ? 'light' : 'dark';
    button.setAttribute('aria-label', `switch to the ${button.textContent} theme`);
  };
  apply();
  return button;
}

const charted = [];
const withCharts = (part) => { charted.push(part.draw); return part.node; };
const hasEpochs = data.runs.some((run) => run.epochs.epoch);
const hasResults = data.runs.some((run) => isNumber(lastOf(run, 'test.loss')));
const sections = [
  ['claims', 'Claims', claims],
  ['asked', 'What was asked', asked],
  ['failures', 'Failures', failures],
  ['runs', 'Runs', runs],
  ['curves', 'Learning curves', () => (hasEpochs ? withCharts(curves()) : null)],
  ['parameters', 'Parameters', () => (data.swept.length && hasResults ? withCharts(parameters()) : null)],
  ['noise', 'Noise floor', noise],
  ['classes', 'Classes', classes],
  ['mistakes', 'Misclassified examples', mistakes],
  ['fits', 'Predicted against true', fits],
  ['timings', 'Timings', timings],
  ['provenance', 'Provenance', provenance],
].map(([id, title, fill]) => {
  try { return [id, title, fill()]; } catch (error) { return [id, title, el('p', { class: 'beware' }, `This part cannot be shown: ${error.message}`)]; }
}).filter(([, , content]) => content !== null);

document.getElementById('page').append(
  el('header', {}, el('h1', {}, data.title), themeButton(),
    live(), summary(),
    el('nav', { 'aria-label': 'sections' }, sections.map(([id, title]) => el('a', { href: '#' + id }, title)))),
  ...sections.map(([id, title, content]) => el('section', { id, 'aria-labelledby': id + '-title' }, el('h2', { id: id + '-title' }, title), content)));
charted.forEach((draw) => draw());
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
document.documentElement.dataset.ready = 'true';
