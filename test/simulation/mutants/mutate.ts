/** Preloaded before the harness: puts the mutant that TEAL_MUTANT names into the module as it is loaded, nowhere else. */
import { plantInProcess } from '../../planted/fault.ts';
import { MUTANTS } from './list.ts';

const mutant = MUTANTS.find(({ name }) => name === process.env.TEAL_MUTANT);
if (mutant !== undefined) plantInProcess(mutant);
