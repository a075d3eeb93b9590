// The demo shop's page: choose a finish, fill the cart.
const product = document.getElementById('lamp');
const count = document.getElementById('count');

for (const choice of document.querySelectorAll('[name=finish]')) {
  choice.addEventListener('change', () => {
    product.dataset.finish = choice.value;
    document.getElementById('finish-name').textContent = choice.dataset.name;
  });
}
document.getElementById('add').addEventListener('click', () => {
  count.textContent = String(Number(count.textContent) + 1);
});
