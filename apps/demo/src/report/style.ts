/**
 * The style sheet of the report. The colours of the lines are told apart without colour vision (after Okabe and Ito), each is at
 * 4.5 : 1 or more on its background, and none says anything alone.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f6f3; --surface: #ffffff; --ink: #1c1d1f; --soft: #55585e; --line: #dcdcd6; --accent: #005ea8;
  --shared: #005ea8; --second: #b04a00; --third: #94356f; --fourth: #00705a; --fifth: #5a5a5a;
  --good: #14622c; --good-back: #e0f1e3; --bad: #96231a; --bad-back: #fbe5e2; --none: #55585e; --none-back: #ecece8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131416; --surface: #1d1f22; --ink: #eceded; --soft: #a9adb3; --line: #34373c; --accent: #74bdf7;
    --shared: #74bdf7; --second: #f09a52; --third: #e6a3cd; --fourth: #4fcaa4; --fifth: #b9b9b9;
    --good: #8fdba3; --good-back: #17341f; --bad: #ffaea5; --bad-back: #451c18; --none: #b4b8be; --none-back: #2c2f33;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  -webkit-text-size-adjust: 100%;
}
header, main, footer { max-width: 1360px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 40px; }
h1 { font-size: clamp(1.6rem, 1.1rem + 2.2vw, 2.4rem); line-height: 1.15; letter-spacing: -0.02em; margin: 0 0 8px; text-wrap: balance; }
h2 { font-size: 1.35rem; letter-spacing: -0.01em; margin: 44px 0 8px; }
h3 { font-size: 1.05rem; margin: 0 0 12px; }
p { margin: 0 0 12px; max-width: 76ch; }
.machine, .how, figcaption, footer { color: var(--soft); font-size: 0.9rem; }
code { font: 0.92em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 6px 14px; border-bottom: 1px solid var(--line); white-space: nowrap; font-size: 0.9rem; }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 600; }
th:first-child, td.words { text-align: left; }
td.words { white-space: normal; }
tbody tr:last-child > * { border-bottom: 0; }
.scroll { overflow-x: auto; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
summary { cursor: pointer; color: var(--accent); font-size: 0.9rem; width: fit-content; padding: 4px 0; }
details ul { margin: 4px 0 8px; padding-left: 20px; font-size: 0.9rem; columns: 20rem; }

.statements { width: 100%; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; border-collapse: separate; border-spacing: 0; }
.statements th, .statements td { text-align: left; vertical-align: top; white-space: normal; font-size: 1rem; padding: 14px 16px; }
.statements thead th { font-size: 0.85rem; padding-block: 10px; }
.statements .number { color: var(--soft); width: 3.2em; text-align: right; padding-right: 4px; }
.statements tbody th { width: 27%; }
.statements .status { width: 9.5em; }
.statements p { margin: 0 0 4px; }
.figure { font-weight: 500; overflow-wrap: anywhere; }
.chip { display: inline-block; padding: 2px 10px; border-radius: 999px; font-size: 0.85rem; font-weight: 600; }
.chip.shown { color: var(--good); background: var(--good-back); }
.chip.contradicted, .chip.failed { color: var(--bad); background: var(--bad-back); }
.chip.missing { color: var(--none); background: var(--none-back); border-radius: 8px; }

.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px; align-items: start; }
figure { margin: 0; padding: 20px; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; min-width: 0; }
figure svg { display: block; width: 100%; height: auto; max-width: 640px; }
figcaption { margin: 12px 0 8px; }
.narrow { display: none; }
footer { padding-block: 32px; }
footer p { margin: 0; }

@media (max-width: 1000px) { .charts { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 700px) {
  header, main, footer { padding-inline: 12px; }
  header { padding-top: 24px; }
  figure { padding: 16px 10px; }
  figure svg { max-width: 420px; }
  .wide { display: none; }
  .narrow { display: block; }
  th, td { padding: 6px 10px; }
  .statements { border: 0; background: none; }
  .statements thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .statements, .statements tbody, .statements tr, .statements tbody th, .statements td { display: block; width: auto; }
  .statements tr { position: relative; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; margin-bottom: 12px; padding: 14px; }
  .statements tbody th, .statements td { border: 0; padding: 0; }
  .statements .number { position: absolute; right: 14px; top: 14px; width: auto; font-size: 0.85rem; }
  .statements .number::before { content: "No. "; }
  .statements tr { display: flex; flex-direction: column; gap: 8px; }
  .statements .status { order: -1; width: auto; }
}
@media print { details { display: none; } figure, .statements tr { break-inside: avoid; } }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`
