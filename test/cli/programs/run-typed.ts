// TypeScript that Node runs by itself, by stripping the types.
interface Greeting {
  readonly text: string;
}
const greeting: Greeting = { text: `up ${process.pid}` };
console.log(greeting.text);
