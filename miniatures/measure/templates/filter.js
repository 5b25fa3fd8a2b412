  const buttons = document.querySelectorAll(".filters button");
  buttons.forEach(button => button.addEventListener("click", () => {
    buttons.forEach(other => other.setAttribute("aria-pressed", other === button));
    document.querySelectorAll("article").forEach(article => {
      article.hidden = button.dataset.show !== "" && article.dataset.status !== button.dataset.show;
    });
  }));
