// Finds what a screen reader would find: visible elements by role and accessible name, open shadow trees included.
// arguments: role, name, "exact" | "part", root or null. Returns the elements in document order.
const [role, name, how, root] = arguments;
const NATIVE = {
  article: 'article',
  button: 'button, summary, input[type=submit], input[type=button]',
  checkbox: 'input[type=checkbox]',
  combobox: 'select',
  complementary: 'aside',
  dialog: 'dialog[open]',
  form: 'form[aria-label]',
  group: 'fieldset',
  heading: 'h1, h2, h3, h4',
  link: 'a[href]',
  list: 'ul, ol',
  main: 'main',
  navigation: 'nav',
  region: 'section[aria-label]',
  status: 'output',
  textbox: 'textarea, input:not([type]), input[type=text], input[type=email], input[type=password], input[type=search]',
};

const squeeze = (text) => text.replace(/\s+/g, ' ').trim();

function shown(element) {
  return element.checkVisibility({ visibilityProperty: true }) && !element.closest('[inert], [aria-hidden=true]');
}

function content(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE || node.ariaHidden === 'true' || !node.checkVisibility()) return '';
  if (node.ariaLabel) return ` ${node.ariaLabel} `;
  if (node.tagName === 'IMG') return ` ${node.alt} `;
  const inside = [...node.childNodes].map(content).join('');
  return getComputedStyle(node).display.startsWith('inline') ? inside : ` ${inside} `;
}

// The text of a label without the content of a field inside it.
function labelOf(label) {
  const words = label.cloneNode(true);
  for (const field of words.querySelectorAll('select, input, textarea')) field.remove();
  return words.textContent;
}

function nameOf(element) {
  const by = element.getAttribute('aria-labelledby');
  if (by) return squeeze(by.split(/\s+/).map((id) => element.getRootNode().getElementById(id)?.textContent ?? '').join(' '));
  if (element.ariaLabel) return squeeze(element.ariaLabel);
  if (element.labels?.length) return squeeze([...element.labels].map(labelOf).join(' '));
  if (element.tagName === 'FIELDSET') return squeeze(element.querySelector('legend')?.textContent ?? '');
  return squeeze(content(element)) || squeeze(element.title || element.placeholder || '');
}

function* everything(tree) {
  for (const element of tree.querySelectorAll('*')) {
    yield element;
    if (element.shadowRoot) yield* everything(element.shadowRoot);
  }
}

const native = NATIVE[role];
const found = [];
for (const element of everything(root ?? document)) {
  const given = element.getAttribute('role')?.split(/\s+/)[0];
  if (given ? given !== role : !native || !element.matches(native)) continue;
  if (!shown(element)) continue;
  const its = nameOf(element);
  if (name === null || (how === 'exact' ? its === name : its.includes(name))) found.push(element);
}
return found;
