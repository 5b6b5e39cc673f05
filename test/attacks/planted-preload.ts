/** Preloaded into programs that tests start: puts the planted fault there too. */
import { plantInProcess } from '../planted/fault.ts';
import { plantedFault } from './planted-list.ts';

const fault = plantedFault(process.env);
if (fault !== undefined) plantInProcess(fault);
