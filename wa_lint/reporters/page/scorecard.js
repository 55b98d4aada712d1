"use strict";
(() => {
  const form = document.getElementById("filter");
  const findings = [...document.querySelectorAll(".finding")];
  const rows = [...document.querySelectorAll(".printed tbody tr")];
  const count = document.getElementById("count");
  if (!form) return;
  form.hidden = false;
  const fits = (finding, wanted) =>
    (!wanted.text || finding.textContent.toLowerCase().includes(wanted.text)) &&
    ["outcome", "severity", "pillar"].every((name) => !wanted[name] || finding.dataset[name] === wanted[name]) &&
    (!wanted.resource || finding.dataset.resource.toLowerCase().includes(wanted.resource));
  const apply = () => {
    const given = new FormData(form);
    const wanted = Object.fromEntries([...given].map(([name, value]) => [name, value.trim().toLowerCase()]));
    let shown = 0;
    findings.forEach((finding, at) => {
      finding.hidden = !fits(finding, wanted);
      rows[at].hidden = finding.hidden;
      shown += finding.hidden ? 0 : 1;
    });
    count.textContent = count.dataset.text.replace("{}", shown).replace("{}", findings.length);
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  apply();
})();
