// An altitude: "5,000 m". The body of a Bokeh tick formatter.
return `${tick.toLocaleString("en")} m`;
