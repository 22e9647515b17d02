// Questions of one moment put as one, where that costs the server little more than one of them.

interface Waiting<Question, Answer> {
  question: Question;
  signal: AbortSignal;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/**
 * Makes a way to ask that waits for the end of the moment. Questions of one group go out together, at most `mostOf` of
 * them; `ask` answers in their order. What everybody has lost interest in is given up.
 */
export function askTogether<Question, Answer>(
  groupOf: (question: Question) => string,
  mostOf: (question: Question) => number,
  ask: (questions: readonly Question[], signal: AbortSignal) => Promise<readonly Answer[]>,
): (question: Question, signal: AbortSignal) => Promise<Answer> {
  const groups = new Map<string, Waiting<Question, Answer>[]>();
  const send = (asked: readonly Waiting<Question, Answer>[]) => {
    const stopper = new AbortController();
    const stop = () => asked.every(({ signal }) => signal.aborted) && stopper.abort();
    for (const { signal } of asked) signal.addEventListener("abort", stop);
    ask(
      asked.map(({ question }) => question),
      stopper.signal,
    )
      .then((answers) => {
        for (const [index, one] of asked.entries()) one.resolve(answers[index] as Answer);
      })
      .catch((error: unknown) => {
        for (const one of asked) one.reject(error);
      });
  };
  return (question, signal) =>
    new Promise((resolve, reject) => {
      const name = groupOf(question);
      const waiting = groups.get(name) ?? [];
      waiting.push({ question, signal, resolve, reject });
      if (groups.has(name)) return;
      groups.set(name, waiting);
      setTimeout(() => {
        groups.delete(name);
        const wanted = waiting.filter((one) => !one.signal.aborted);
        const most = Math.max(1, mostOf(question));
        for (let first = 0; first < wanted.length; first += most) send(wanted.slice(first, first + most));
      });
    });
}
