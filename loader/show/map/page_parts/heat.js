// Where most photos were taken: counts in cells of the view, blurred twice in each direction, as a picture.

const HEAT_CELL = 5; // pixels of the map
const HEAT_REACH = 5; // cells to each side that a photo warms in one pass

// The variance, in cells, of three passes of a mean of 2·reach + 1 cells.
const SPREAD = (3 * ((2 * HEAT_REACH + 1) ** 2 - 1)) / 12;
const HOT = 5; // photos at one place that are as hot as it gets, unless others are hotter

/** The heat of photos {x, y} in a view: {url, width, height} of a picture, in pixels of the map; or null. */
function drawHeat(photos, view, ramp) {
  const columns = Math.ceil(view.width / HEAT_CELL);
  const rows = Math.ceil(view.height / HEAT_CELL);
  if (columns < 2 || rows < 2) return null;
  let cells = new Float32Array(columns * rows);
  for (const { x, y } of photos) {
    const column = Math.floor((x - view.left) / view.pixel / HEAT_CELL);
    const row = Math.floor((view.top - y) / view.pixel / HEAT_CELL);
    if (column >= 0 && column < columns && row >= 0 && row < rows) cells[row * columns + column] += 1;
  }
  for (let pass = 0; pass < 3; pass++) {
    cells = blur(cells, columns, rows, 1, columns);
    cells = blur(cells, rows, columns, columns, 1);
  }
  if (!cells.some((cell) => cell > 0)) return null;
  const most = cells.reduce((highest, cell) => Math.max(highest, cell), HOT / (2 * Math.PI * SPREAD));
  return { url: paintHeat(cells, columns, rows, most, ramp), width: columns * HEAT_CELL, height: rows * HEAT_CELL };
}

/** The mean of each cell's neighbours along a line: `count` cells `step` apart, on each of `lines` lines. */
function blur(cells, count, lines, step, lineStep) {
  const blurred = new Float32Array(cells.length);
  const share = 1 / (2 * HEAT_REACH + 1);
  for (let line = 0; line < lines; line++) {
    let sum = 0;
    const at = (place) => (place < 0 || place >= count ? 0 : cells[line * lineStep + place * step]);
    for (let place = -HEAT_REACH; place < HEAT_REACH; place++) sum += at(place);
    for (let place = 0; place < count; place++) {
      sum += at(place + HEAT_REACH);
      blurred[line * lineStep + place * step] = sum * share;
      sum -= at(place - HEAT_REACH);
    }
  }
  return blurred;
}

function paintHeat(cells, columns, rows, most, ramp) {
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(columns, rows);
  cells.forEach((cell, place) => {
    const share = Math.sqrt(Math.max(0, cell) / most);
    const [red, green, blue] = between(ramp, share);
    picture.data.set([red, green, blue, 255 * 0.42 * Math.min(1, 1.6 * share)], 4 * place);
  });
  context.putImageData(picture, 0, 0);
  return canvas.toDataURL();
}

/** The colour at a share, 0 to 1, of a ramp of "#rrggbb". */
function between(ramp, share) {
  const place = Math.min(share, 0.9999) * (ramp.length - 1);
  const [low, high] = [ramp[Math.floor(place)], ramp[Math.floor(place) + 1]];
  const part = (colour, start) => parseInt(colour.slice(start, start + 2), 16);
  return [1, 3, 5].map((start) => part(low, start) + (part(high, start) - part(low, start)) * (place % 1));
}
