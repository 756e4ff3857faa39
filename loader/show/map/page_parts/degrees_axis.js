// A place on the plane of Web Mercator, in metres, as degrees: "86.8° E". The body of a Bokeh tick formatter.
const radius = 6378137;
const degrees = letters == "EW"
  ? (tick / radius) * 180 / Math.PI
  : (2 * Math.atan(Math.exp(tick / radius)) - Math.PI / 2) * 180 / Math.PI;
const shown = Number(Math.abs(degrees).toFixed(4));
return shown == 0 ? "0°" : `${shown}° ${letters[degrees < 0 ? 1 : 0]}`;
