// Vega-Embed for pages whose Content-Security-Policy allows neither eval nor inline styles.
import vegaEmbed from "vega-embed";
import { expressionInterpreter } from "vega-interpreter";

const OPTIONS = {
  actions: false, // the pages have their own links to the data and the specification
  ast: true, // expressions are interpreted as syntax trees, since the policy forbids eval
  expr: expressionInterpreter,
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true }, // style.css styles #vg-tooltip-element
  renderer: "svg",
};

/** Draws a Vega-Lite specification in an element; resolves to Vega-Embed's result, whose `finalize()` undoes it. */
export function embed(element, spec, options = {}) {
  return vegaEmbed(element, spec, { ...OPTIONS, ...options });
}

export default embed;
