// Labels beside their marks, where they cover neither one another nor the marks.

const SIDES = [[1, 0], [0, -1], [-1, 0], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]]; // y points down
const MOST_COVERED = 0.12;

/**
 * Places for labels {x, y, width, height, gap, away}, the most important first: {left, top, side}, or null
 * where a label would cover others or leave the map. They had better not cover `marks`, and must not cover
 * what is `kept` free.
 */
function placeLabels(wanted, marks, kept, { width, height }) {
  const placed = [];
  for (const label of wanted) {
    const others = [...kept, ...placed.filter(Boolean)];
    let best = null;
    for (const side of SIDES) {
      const place = beside(label, side);
      const isInside = place.left >= 2 && place.top >= 2
        && place.left + place.width <= width - 2 && place.top + place.height <= height - 2;
      if (!isInside || covered(place, others) > MOST_COVERED) continue;
      const towards = (side[0] * label.away[0] + side[1] * label.away[1]) / Math.hypot(...side);
      const cost = 3 * covered(place, others) + 2 * covered(place, marks) - 0.06 * towards;
      if (best === null || cost < best.cost) best = { ...place, cost };
    }
    placed.push(best);
  }
  return placed;
}

function beside(label, side) {
  const gap = label.gap * (side[0] && side[1] ? 0.7 : 1);
  return {
    side,
    left: label.x + side[0] * gap + (side[0] - 1) / 2 * label.width,
    top: label.y + side[1] * gap + (side[1] - 1) / 2 * label.height,
    width: label.width,
    height: label.height,
  };
}

function covered(place, others) {
  let shared = 0;
  for (const other of others) {
    const across = Math.min(place.left + place.width, other.left + other.width) - Math.max(place.left, other.left);
    const down = Math.min(place.top + place.height, other.top + other.height) - Math.max(place.top, other.top);
    if (across > 0 && down > 0) shared += across * down;
  }
  return shared / (place.width * place.height);
}
