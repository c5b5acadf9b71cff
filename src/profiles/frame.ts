import type { Runtime } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import { publicAddress } from '../runtime/script-name.js';

/** A function as a profile shows it: where it begins, lines and columns from 1, 0 if V8 does not know. */
export interface ProfileFrame {
  readonly name: string;
  /** A path, or what V8 has instead: `node:fs`; empty for V8's own. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Programs generate code and compute names, so both are cut. */
const MAX_TEXT = 300;
/** Control and format characters: a terminal or a page would interpret them. */
const ACTIVE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

export function frameOf(call: Runtime.CallFrame): ProfileFrame {
  const { functionName, url, lineNumber, columnNumber } = call;
  return {
    name: safeText(functionName) || '(anonymous)',
    file: safeText(pathOf(url)),
    line: lineNumber + 1,
    column: columnNumber + 1,
  };
}

/** The frame for V8's own formats, in which DevTools expects an address, and lines and columns from 0. */
export function safeCallFrame(call: Runtime.CallFrame): Runtime.CallFrame {
  const { functionName, scriptId, url, lineNumber, columnNumber } = call;
  return {
    functionName: safeText(functionName),
    scriptId,
    url: safeText(publicAddress(url)),
    lineNumber,
    columnNumber,
  };
}

/** The cut may split a character. */
function safeText(text: string): string {
  return text.slice(0, MAX_TEXT).toWellFormed().replace(ACTIVE, '\ufffd');
}

function pathOf(url: string): string {
  const address = publicAddress(url);
  if (!address.startsWith('file:')) return address;
  try {
    return fileURLToPath(address);
  } catch {
    return address;
  }
}
