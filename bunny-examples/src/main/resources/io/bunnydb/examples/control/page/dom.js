/** The few operations on the document that all parts of the page share. */

/** The element with an id. */
export function byId(id) {
  return document.getElementById(id);
}

/** The element inside another one that its template marks with a name. */
export function part(node, name) {
  return node.querySelector(`[data-part="${name}"]`);
}

/** Sets a text, only where it differs: what is selected or read out stays undisturbed. */
export function setText(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** Sets an attribute, only where it differs; null removes it. */
export function setAttribute(node, name, value) {
  if (value === null) {
    node.removeAttribute(name);
  } else if (node.getAttribute(name) !== value) {
    node.setAttribute(name, value);
  }
}

/**
 * Makes a button possible, or impossible for a reason. It keeps the focus either way, which the
 * attribute `disabled` would take from it, and tells the reason as its description.
 */
export function setPossible(button, reason) {
  setAttribute(button, "aria-disabled", reason === null ? null : "true");
  setAttribute(button, "title", reason);
}

/** Why a button cannot be used now, or null. */
export function reasonAgainst(button) {
  return button.getAttribute("aria-disabled") === "true" ? button.title : null;
}

/**
 * Makes the children of a node those of a list, in its order. A child that stays is the same
 * element as before, so it keeps focus, selection and whatever was opened in it.
 *
 * @param parent the node, which has no other children
 * @param items what the children stand for
 * @param key gives an item's identity
 * @param templateId the template of a new child
 * @param update fills a child with its item: `(child, item) => ...`
 */
export function reconcile(parent, items, key, templateId, update) {
  const keys = new Set(items.map((item) => String(key(item))));
  const known = new Map();
  for (const child of [...parent.children]) {
    if (keys.has(child.dataset.key)) {
      known.set(child.dataset.key, child);
    } else {
      child.remove();
    }
  }
  let place = parent.firstElementChild;
  for (const item of items) {
    const itemKey = String(key(item));
    let child = known.get(itemKey);
    if (child === undefined) {
      child = byId(templateId).content.firstElementChild.cloneNode(true);
      child.dataset.key = itemKey;
    }
    if (child === place) {
      place = place.nextElementSibling;
    } else {
      parent.insertBefore(child, place);
    }
    update(child, item);
  }
}

/** Fills a description list with pairs of name and text; those without a text are left out. */
export function setFacts(list, facts) {
  const present = facts.filter(([, text]) => text !== null && text !== undefined && text !== "");
  const names = present.map(([name]) => name).join("\n");
  if (list.dataset.names !== names) {
    list.dataset.names = names;
    list.replaceChildren(
      ...present.map(([name]) => {
        const pair = document.createElement("div");
        const term = document.createElement("dt");
        term.textContent = name;
        pair.append(term, document.createElement("dd"));
        return pair;
      }),
    );
  }
  present.forEach(([, text], i) => setText(list.children[i].lastElementChild, String(text)));
  list.hidden = present.length === 0;
}

/** Has screen readers say something when they come to it. */
export function announce(text) {
  byId("announcer").textContent = text;
}
