import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Of the report: light and dark, from 320 pixels of width. */
export const STYLE = `
:root{color-scheme:light dark;--paper:light-dark(#f6f7f9,#12151a);--card:light-dark(#fff,#1b2027);
--ink:light-dark(#1a1f27,#e7eaf0);--soft:light-dark(#5a6473,#9aa5b5);--line:light-dark(#dde2e9,#313944);
--good:light-dark(#15703a,#5fd38d);--bad:light-dark(#b3261e,#ff8a80);--mark:light-dark(#8a6d1f,#d9b95b);
--c0:light-dark(#1f5fd0,#7fb0ff);--c1:light-dark(#c2410c,#ff9d5c);--c2:light-dark(#0f766e,#4fd1c0);
--c3:light-dark(#8b2fc9,#d29bff);--c4:light-dark(#a16207,#e9c46a);--c5:light-dark(#be185d,#ff8fb8);
--c6:light-dark(#4d7c0f,#a9d65c);--c7:light-dark(#475569,#a8b4c6)}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px 16px 64px}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 4px;text-wrap:balance}h2{font-size:1.15rem;margin:36px 0 12px}
h3{font-size:1rem;margin:0}p{margin:0;color:var(--soft)}
.verdict{font-weight:700}.passed{color:var(--good)}.failed{color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:12px;margin:20px 0 0}
.tile,figure,.card{background:var(--card);border:1px solid var(--line);border-radius:10px}
.tile{padding:12px 14px}.tile dt{color:var(--soft);font-size:.85rem}
.tile dd{margin:2px 0 0;font-size:1.2rem;font-weight:650;line-height:1.2;font-variant-numeric:tabular-nums}
.tile small{display:block;font-size:.8rem;font-weight:400;color:var(--soft)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:16px}
figure{margin:0;padding:14px 14px 10px;min-width:0}figcaption p{font-size:.85rem}
.plot{margin-top:8px;min-height:240px}
.uplot{font:inherit;width:100%!important}.u-wrap{width:100%!important}
.u-legend{font-size:.85rem!important;text-align:left!important;font-variant-numeric:tabular-nums}
.u-legend th,.u-legend td{padding:2px 4px!important;border:0!important}
.u-legend .u-marker{width:14px!important;height:3px!important}
.u-hz .u-cursor-x,.u-hz .u-cursor-y{border-color:var(--soft)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:8px 14px;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
thead td{border-top:0}thead th{border-top:0;color:var(--soft);font-size:.85rem;font-weight:500}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}
td:first-child{min-width:10.5em}td.v{min-width:0!important}td.w{min-width:11em}td.w+td{min-width:6.5em}
td.v{font-weight:650;white-space:nowrap;overflow-wrap:normal}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:16px}
ol.marks,ul.marks{margin:0;padding:12px 14px 12px 40px}ol.marks time{color:var(--soft);font-variant-numeric:tabular-nums}
details>summary{cursor:pointer;padding:12px 14px}iframe{width:100%;height:82vh;border:0;border-top:1px solid var(--line);background:#fff}
details+details,.card+details{margin-top:12px}
@media(max-width:560px){th,td{padding:8px 10px}h1{font-size:1.35rem}}
`;

/** The code that draws the charts, with its library and the library's style, for a page that needs no other file. */
export async function viewAssets(): Promise<{ script: string; style: string }> {
  const { build, stop } = await import('esbuild');
  try {
    const { outputFiles } = await build({
      entryPoints: [path.join(import.meta.dirname, 'view/main.ts')],
      bundle: true,
      minify: true,
      format: 'iife',
      target: 'es2022',
      write: false,
      logLevel: 'silent',
    });
    const style = readFileSync(createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css'), 'utf8');
    // The code must not contain the end of a script element.
    return { script: outputFiles[0]!.text.replaceAll('</script', '<\\/script'), style };
  } finally {
    await stop();
  }
}
