/*
 * The summary at exit that MA_OPTIONS=stats=1 asks for.
 */
#ifndef MA_API_EXIT_REPORT_H
#define MA_API_EXIT_REPORT_H

/* Note where stderr is: programs close it before the summary is due. */
void exit_report_start(void);

#endif
