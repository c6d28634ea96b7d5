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
