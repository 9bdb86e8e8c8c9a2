// Autocompletion in the editor: variables, prefixes, and the names of classes, properties, codes and things.

const MOST = 60; // offered at once
const NAME = /^[\w·‿⁀.:-]+$/;
const AUTO_LENGTH = 3; // letters after which completions are shown without a keystroke

/** Registers the autocompleters with Yasqe; returns their names, for its setting `autocompleters`. */
export function complete(Yasqe, prefixes, terms, words) {
  const declarations = Object.entries(prefixes).map(([name, iri]) => `${name}: <${iri}>`);
  Yasqe.forkAutocompleter("prefixes", { name: "ourPrefixes", get: () => declarations, persistenceId: null }, false);

  const offered = terms.map(([name, label, kind]) => ({
    name,
    shown: label && !name.endsWith(`:${label}`) ? `${name} · ${label} (${words[kind]})` : `${name} (${words[kind]})`,
    sought: `${name} ${label}`.toLowerCase(),
  }));
  const shown = new Map(offered.map((each) => [each.name, each.shown]));

  Yasqe.registerAutocompleter({
    name: "ourTerms",
    bulk: false,
    autoShow: false,
    onInitialize: (yasqe) => yasqe.on("inputRead", (_, change) => {
      const { string } = yasqe.getCompleteToken();
      const isLong = string.includes(":") || string.length >= AUTO_LENGTH;
      if (change.origin === "+input" && isLong && isName(yasqe)) yasqe.autocomplete();
    }),
    isValidCompletionPosition: isName,
    get: (_, token) => find(offered, token.string.trim().toLowerCase()),
    postprocessHints: (yasqe, hints) => hints.map((hint) => ({
      ...hint,
      displayText: shown.get(hint.text),
      hint: (_, data, chosen) => {
        yasqe.replaceRange(chosen.text, chosen.from ?? data.from, chosen.to ?? data.to, "complete");
        const prefix = chosen.text.split(":")[0];
        if (!(prefix in yasqe.getPrefixesFromQuery())) yasqe.addPrefixes({ [prefix]: prefixes[prefix] });
      },
    })),
  }, false);
  return ["variables", "ourPrefixes", "ourTerms"];
}

/** Whether the cursor is at a prefixed name: not in a variable, string, comment, IRI or prefix declaration. */
function isName(yasqe) {
  const token = yasqe.getCompleteToken();
  if (token.state.inPrefixDecl || ["comment", "string", "atom", "variable-3", "keyword"].includes(token.type)) return false;
  return token.string.trim() === "" || NAME.test(token.string);
}

/** The names that match a text: first those that begin with it, then those that contain it. */
function find(offered, text) {
  const first = offered.filter((each) => each.name.toLowerCase().startsWith(text) || each.name.toLowerCase().split(":")[1].startsWith(text));
  const others = offered.filter((each) => !first.includes(each) && each.sought.includes(text));
  return [...first, ...others].slice(0, MOST).map((each) => each.name);
}
