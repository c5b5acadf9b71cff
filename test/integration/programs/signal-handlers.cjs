// Knows nothing of leakwatch; deals with SIGTERM in the way argv[2] says.
'use strict';

const stay = setInterval(() => {}, 1000);
const ways = {
  'shuts down by once()': () => {
    process.once('SIGTERM', () => {
      console.log('closing');
      setTimeout(() => {
        clearInterval(stay);
        console.log('closed');
      }, 200);
    });
  },
  // As the package signal-exit does, which many programs have somewhere below them.
  'ends itself only when nobody else listens': () => {
    const onSignal = () => {
      if (process.listeners('SIGTERM').length !== 1) return;
      process.removeListener('SIGTERM', onSignal);
      process.kill(process.pid, 'SIGTERM');
    };
    process.on('SIGTERM', onSignal);
  },
};
ways[process.argv[2]]();
console.log('running');
