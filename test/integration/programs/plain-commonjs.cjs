// Knows nothing of leakwatch; ends by itself in the way argv[2] says.
'use strict';

const ways = {
  returns: () => {},
  exits: () => process.exit(7),
  throws: () => {
    throw new Error('on purpose');
  },
  'ends on its own SIGTERM handler': () => {
    setInterval(() => {}, 1000);
    process.on('SIGTERM', () => process.exit(9));
    console.log('running');
  },
  waits: () => {
    setInterval(() => {}, 1000);
    console.log('running');
  },
};
ways[process.argv[2]]();
