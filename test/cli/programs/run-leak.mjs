// Keeps every session: some 20 MB a minute.
class Session {
  constructor(id) {
    this.id = id;
    this.visits = Array.from({ length: 60 }, () => id);
  }
}
const sessions = new Map();
let visits = 0;
setInterval(() => {
  for (let i = 0; i < 10; i++) sessions.set(`visitor-${visits}`, new Session(visits++));
}, 20);
console.log(`up ${process.pid}`);
