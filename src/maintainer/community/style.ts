/** Style sheet of the pages, beside that of the charts. */
export const STYLE = `:root{color-scheme:light dark;--page:#f4f6f9;--card:#ffffff;--text:#1c2128;--soft:#56606d;--line:#d9dee5;--link:#1a56b0;--mark:#1d58b8}
@media (prefers-color-scheme:dark){:root{--page:#0e1116;--card:#161b22;--text:#e6eaf0;--soft:#a6b0bd;--line:#2d3540;--link:#8ab8ff;--mark:#74a5f5}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--page);color:var(--text);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header,.columns,footer{max-width:68rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.5rem}
h1{font-size:clamp(1.7rem,1.2rem + 2.4vw,2.6rem);line-height:1.15;letter-spacing:-.02em;margin:0 0 .75rem;text-wrap:balance}
h2{font-size:1.35rem;line-height:1.25;letter-spacing:-.01em;margin:0 0 .5rem;text-wrap:balance}
h3{font-size:1.05rem;margin:1.5rem 0 .4rem}
p,dl{margin:0 0 .8rem}
header p,section>p,section>ul{max-width:44rem}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--mark);outline-offset:2px;border-radius:3px}
main:focus{outline:none}
.skip{position:absolute;left:-100rem}
.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem;z-index:1}
.updated{color:var(--soft);font-size:.925rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr));gap:1rem;margin:1.5rem 0 0;padding:0;list-style:none}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1rem 1.15rem;display:flex;flex-direction:column}
.tiles strong{font-size:1.9rem;line-height:1.2;letter-spacing:-.02em;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.tiles span{color:var(--soft);font-size:.925rem}
.columns{display:grid;grid-template-columns:minmax(0,1fr);gap:0 2.5rem;padding-top:2rem}
nav ul{list-style:none;margin:0 0 1.5rem;padding:0;font-size:.925rem}
nav li{padding:.2rem 0}
nav a{text-decoration:none}
nav a:hover{text-decoration:underline}
section{margin:0 0 2.75rem}
.decides{border-left:4px solid var(--mark);padding:.1rem 0 .1rem .8rem;color:var(--soft)}
.decides b{color:var(--text)}
.figure{margin:1rem 0;background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.25rem}
.figure .chart{--ground:var(--card);color:var(--text);display:block;max-width:100%;height:auto}
.narrow{display:none!important}
.notes{margin:.75rem 0 0;padding:0;list-style:none;color:var(--soft);font-size:.825rem;line-height:1.45;overflow-wrap:anywhere}
.notes li{display:inline}
details{margin-top:.75rem}
summary{cursor:pointer;color:var(--link);font-size:.925rem;padding:.15rem 0}
.files{margin:.4rem 0 0;font-size:.925rem;color:var(--soft)}
.files a{margin-left:.5rem}
.scroll{overflow:auto;max-height:26rem;margin-top:.5rem;border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .7rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
thead th{position:sticky;top:0;background:var(--card);white-space:nowrap}
tbody th{font-weight:normal;overflow-wrap:anywhere}
tbody tr:last-child>*{border-bottom:0}
.number{text-align:right;white-space:nowrap}
code{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:.9em;overflow-wrap:anywhere}
pre{overflow:auto;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.75rem 1rem;font-size:.85rem}
.about{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.25rem 1rem}
.about dt{color:var(--soft)}
.about dd{margin:0;overflow-wrap:anywhere}
.badge{display:block;margin:.4rem 0}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{border-top:1px solid var(--line);margin-top:1rem;padding-top:1rem;padding-bottom:2.5rem;color:var(--soft);font-size:.875rem}
@media (min-width:64rem){.columns{grid-template-columns:13rem minmax(0,1fr)}nav{position:sticky;top:1.5rem;align-self:start;max-height:calc(100vh - 3rem);overflow:auto}}
@media (max-width:40rem){.wide{display:none!important}.narrow{display:block!important}.figure{padding:1rem .85rem;margin-inline:-.4rem}.about{grid-template-columns:1fr}.about dd{margin-bottom:.4rem}header{padding-top:1.5rem}}
@media print{nav,.files,.skip{display:none}.figure{break-inside:avoid}body{background:none}}`
