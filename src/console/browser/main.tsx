import { render } from "preact";
import { App } from "./app.tsx";
import { applyTheme } from "./theme.ts";
import { applyLanguage } from "./words/words.ts";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no element with the id app");
applyTheme();
applyLanguage();
render(<App />, root);
