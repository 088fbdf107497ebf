import type { LabelerOptions } from '../../src/labeler/labeler-config.js';

type Network = Omit<LabelerOptions, 'featureSize' | 'numLabels'>;

/** A network under a name. */
export interface Variant {
  variant: string;
  network: Network;
}

/** The network asked for; with an ablation also every other recurrence, none, and the network asked for without motion. */
export function variantsOf(asked: Network, isAblation: boolean): Variant[] {
  const own = { variant: nameOf(asked), network: asked };
  if (!isAblation) return [own];
  const recurrences: Network[] = [
    { cell: 'rnn', bidirectional: false },
    { cell: 'gru', bidirectional: false },
    { cell: 'lstm', bidirectional: false },
    { cell: 'lstm', bidirectional: true },
    { cell: 'none', bidirectional: false },
  ];
  const others = recurrences
    .map((recurrence) => ({ ...asked, ...recurrence }))
    .map((network) => ({ variant: nameOf(network), network }))
    .filter(({ variant }) => variant !== own.variant);
  const still: Network = { ...asked, inputs: ['features'] };
  return [own, ...others, { variant: `${own.variant}, without motion`, network: still }];
}

function nameOf({ cell = 'gru', bidirectional }: Network): string {
  const name = cell === 'none' ? 'no recurrence' : cell.toUpperCase();
  return bidirectional ? `bidirectional ${name}` : name;
}
