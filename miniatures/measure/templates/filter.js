  document.querySelectorAll(".filters").forEach(group => {
    const buttons = group.querySelectorAll("button");
    group.hidden = false;
    buttons.forEach(button => button.addEventListener("click", () => {
      buttons.forEach(other => other.setAttribute("aria-pressed", other === button));
      document.querySelectorAll("article[data-status]").forEach(article => {
        article.hidden = button.dataset.show !== "" && article.dataset.status !== button.dataset.show;
      });
    }));
  });
