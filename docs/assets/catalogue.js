// Narrows the cards of the catalogue down while one types or chooses. Without it every card shows, and the form stays hidden.
(() => {
  const start = () => {
    const form = document.querySelector(".catalogue-filter");
    if (!form) return;
    const cards = [...document.querySelectorAll(".catalogue > li")];
    const has = (card, key, wanted) => !wanted || card.dataset[key].split(" ").includes(wanted);
    const narrow = () => {
      const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      for (const card of cards) {
        const shown =
          words.every((word) => card.dataset.words.includes(word)) &&
          has(card, "namespace", form.namespace.value) &&
          has(card, "access", form.access.value);
        card.hidden = !shown;
        left += shown ? 1 : 0;
      }
      form.querySelector("output").textContent = `${left} of ${cards.length} services`;
    };
    form.addEventListener("input", narrow);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    narrow();
  };
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", start) : start();
})();
