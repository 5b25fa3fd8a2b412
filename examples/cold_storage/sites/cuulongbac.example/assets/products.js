var items = [
  ["Vannamei shrimp PD", "IQF, 1 kg bag, sizes 21/25 to 71/90"],
  ["Black tiger HLSO", "block 1.8 kg"],
  ["Pangasius fillet", "well trimmed, 120/170 to 220+"],
  ["Breaded shrimp", "new from Factory 3"]
];
document.getElementById("app").innerHTML = "<h1>PRODUCTS</h1><ul>" + items.map(function (i) {
  return "<li><b>" + i[0] + "</b>: " + i[1] + "</li>";
}).join("") + "</ul><p><a href='/index.html'>HOME</a></p>";
