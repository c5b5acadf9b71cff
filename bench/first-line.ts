/** The smallest program that can be seen to have started. */
console.log('running');
