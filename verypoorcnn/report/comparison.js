// A comparison of runs: its charts have cursors, everything else stands in the page.

import { chartCursor } from "./chart.js";
import { themeButton } from "./theme.js";

themeButton(document.getElementById("theme"));
document.querySelectorAll(".chart").forEach(chartCursor);
