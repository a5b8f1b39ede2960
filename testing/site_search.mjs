// The search of a built site without a browser: the worker of the theme, which answers the search box of every page, in a context
// of its own. Arguments: the worker and the index of the site; standard input: queries, one a line; output: JSON, for each query the
// pages in the order in which they are shown.
import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";

const [worker, index] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
let receive = () => {};
let answer = () => {};
const scope = createContext({
  addEventListener: (_, listener) => (receive = listener),
  postMessage: (message) => answer(message),
  console,
});
runInContext("globalThis.self = globalThis", scope);
runInContext(worker, scope);

const ask = (type, data) =>
  new Promise((resolve) => {
    answer = resolve;
    receive({ data: { type, data } });
  });
// Types of the theme's messages: 0 sets up, 2 is a query, whose answer has one item for each page, with the matching sections.
await ask(0, { ...JSON.parse(index), options: { suggest: false } });
const found = {};
for (const query of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const { data } = await ask(2, query);
  found[query] = data.items.map(([first]) => first.location.split("#")[0]);
}
process.stdout.write(JSON.stringify(found));
