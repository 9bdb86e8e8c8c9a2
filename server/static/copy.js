// Buttons that copy a text of the page: <button class="copy later" data-copies="ID" data-done="Copied">. Without scripts
// or a clipboard they are not there, and the text can be marked by hand.
const SHOWN = 2000; // milliseconds that a button says that it is done

const said = document.createElement("p");
said.className = "unseen";
said.setAttribute("role", "status");
document.body.append(said);

for (const button of navigator.clipboard ? document.querySelectorAll("button.copy") : []) {
  const words = button.textContent;
  button.classList.remove("later");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent.trim());
    button.textContent = said.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = words; said.textContent = ""; }, SHOWN);
  });
}
