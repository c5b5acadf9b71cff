/** Loaded before a program, by `node --import`: from then on every letter of every sentence is another one. */
import { alterWording } from '../../src/runtime/say.js';

const ACCENT = '\u0301';

alterWording((words) => words.replace(/[a-z]/gi, (letter) => `${letter}${ACCENT}`));
