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
.legend{list-style:none;margin:6px 0 0;padding:0;display:flex;flex-wrap:wrap;gap:2px 14px;font-size:.85rem}
.legend i{display:inline-block;width:14px;height:3px;border-radius:2px;margin-right:6px;vertical-align:middle}
.plot{display:grid;grid-template-columns:auto 1fr;margin-top:22px}
.y{position:relative;width:62px;font-size:.75rem;color:var(--soft)}
.y span{position:absolute;right:8px;transform:translateY(-50%);white-space:nowrap;font-variant-numeric:tabular-nums}
.area{position:relative;height:190px}svg{display:block;width:100%;height:100%;overflow:visible}
.x{grid-column:2;display:flex;justify-content:space-between;font-size:.75rem;color:var(--soft);padding-top:6px}
.grid{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
.mark{stroke:var(--mark);stroke-width:1;stroke-dasharray:3 3;vector-effect:non-scaling-stroke}
.numbers b{position:absolute;top:-19px;transform:translateX(-50%);font-size:.7rem;color:var(--mark)}
.line{fill:none;stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}
.dots{stroke-width:5}
${[0, 1, 2, 3, 4, 5, 6, 7].map((n) => `.line.s${n}{stroke:var(--c${n})}i.s${n}{background:var(--c${n})}`).join('')}
.cursor{position:absolute;top:0;bottom:0;width:1px;background:var(--soft);pointer-events:none}
.read{display:block;min-height:1.4em;font-size:.8rem;color:var(--soft);font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:8px 14px;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
thead th{border-top:0;color:var(--soft);font-size:.85rem;font-weight:500}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}
td:first-child{min-width:10.5em}td.v{min-width:0!important}td.w{min-width:11em}td.w+td{min-width:6.5em}
td.v{font-weight:650;white-space:nowrap;overflow-wrap:normal}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:16px}
ol.marks,ul.marks{margin:0;padding:12px 14px 12px 40px}ol.marks time{color:var(--soft);font-variant-numeric:tabular-nums}
details>summary{cursor:pointer;padding:12px 14px}iframe{width:100%;height:82vh;border:0;border-top:1px solid var(--line);background:#fff}
@media(max-width:560px){th,td{padding:8px 10px}.y{width:54px}.area{height:170px}h1{font-size:1.35rem}}
`;

/** Of the report: hovering or touching a chart shows the values of that second. */
export const SCRIPT = `
for (const figure of document.querySelectorAll('.chart')) {
  const lines = JSON.parse(figure.dataset.lines);
  const [area, cursor, read] = ['.area', '.cursor', '.read'].map((name) => figure.querySelector(name));
  const seconds = Math.max(...lines.map(([, values]) => values.length));
  area.addEventListener('pointermove', (event) => {
    const { left, width } = area.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (event.clientX - left) / width));
    const second = Math.round(share * (seconds - 1));
    cursor.hidden = false;
    cursor.style.left = share * 100 + '%';
    const time = Math.floor(second / 60) + ':' + String(second % 60).padStart(2, '0');
    read.textContent = time + '  ' + lines.map(([label, values]) => label + ' ' + (values[second] ?? '–')).join(' · ');
  });
  area.addEventListener('pointerleave', () => {
    cursor.hidden = true;
    read.textContent = '';
  });
}
`;
