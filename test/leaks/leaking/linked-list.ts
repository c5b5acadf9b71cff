/** An undo history as a linked list whose tail is never cut off. */
import { prose, repeat } from '../load.js';

class Edit {
  readonly text: string;
  readonly previous: Edit | null;

  constructor(text: string, previous: Edit | null) {
    this.text = text;
    this.previous = previous;
  }
}

class Editor {
  latest: Edit | null = null;

  type(text: string): void {
    this.latest = new Edit(text, this.latest);
  }
}

const editor = new Editor();
repeat(80, (index) => editor.type(prose(1400, index)));
