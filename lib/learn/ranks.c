/* ranks - the processes that mpirun started side by side; the only file that names MPI */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "learn/ranks.h"
#include "base/mem.h"
#include <stdlib.h>
#ifdef HAVE_MPI
#include <mpi.h>
#endif

static int ranks = 1, me;

int ranks_n(void) { return ranks; }
int ranks_me(void) { return me; }

/* Whether an mpirun (Open MPI's, MPICH's, Slurm's) started several of this: MPI takes its time to find out. */
static int
by_mpirun(void)
{
	const char *n = getenv("OMPI_COMM_WORLD_SIZE");

	n = n ? n : getenv("PMI_SIZE");
	n = n ? n : getenv("PMIX_RANK") ? getenv("SLURM_NTASKS") : NULL;
	return n && atoi(n) > 1;
}

#ifdef HAVE_MPI
enum { PIECE = 1 << 18 };       /* floats that go to each rank at once */

static float *others;           /* (ranks,PIECE) */
static MPI_Request *request;    /* (2 ranks) */

int
ranks_start(struct err *e)
{
	int level;

	if (!by_mpirun())
		return 0;
	if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) || level < MPI_THREAD_FUNNELED)
		return err_set(e, "MPI does not start, or not beside threads");
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	MPI_Comm_rank(MPI_COMM_WORLD, &me);
	others = xreallocarray(NULL, (size_t)ranks * PIECE, sizeof *others);
	request = xreallocarray(NULL, 2 * (size_t)ranks, sizeof *request);
	return 0;
}

void
ranks_end(void)
{
	if (request)
		MPI_Finalize();
	free(others);
	free(request);
	request = NULL;
	others = NULL;
}

/* The length of the piece of part r that begins `from` on. */
static int
piece(const size_t *at, int r, size_t from)
{
	size_t n = at[r + 1] - at[r];

	return from >= n ? 0 : n - from < PIECE ? (int)(n - from) : PIECE;
}

static void
sum_piece(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float s = me ? others[i] : x[i];

		for (int r = 1; r < ranks; r++)
			s += r == me ? x[i] : others[(size_t)r * PIECE + i];
		x[i] = s;
	}
}

static size_t
longest(const size_t *at)
{
	size_t n = 0;

	for (int r = 0; r < ranks; r++)
		n = at[r + 1] - at[r] > n ? at[r + 1] - at[r] : n;
	return n;
}

void
ranks_sum_parts(float *x, const size_t *at)
{
	for (size_t k = 0; ranks > 1 && k < longest(at); k += PIECE) {
		int mine = piece(at, me, k), n = 0;

		for (int r = 0; r < ranks; r++)
			if (r != me && mine)
				MPI_Irecv(others + (size_t)r * PIECE, mine, MPI_FLOAT, r, 0, MPI_COMM_WORLD, &request[n++]);
		for (int r = 0; r < ranks; r++)
			if (r != me && piece(at, r, k))
				MPI_Isend(x + at[r] + k, piece(at, r, k), MPI_FLOAT, r, 0, MPI_COMM_WORLD, &request[n++]);
		MPI_Waitall(n, request, MPI_STATUSES_IGNORE);
		sum_piece(x + at[me] + k, (size_t)mine);
	}
}

void
ranks_share_parts(float *x, const size_t *at)
{
	for (int r = 0; ranks > 1 && r < ranks; r++)
		for (size_t k = 0; piece(at, r, k); k += PIECE)
			MPI_Bcast(x + at[r] + k, piece(at, r, k), MPI_FLOAT, r, MPI_COMM_WORLD);
}

void
ranks_gather_parts(float *x, const size_t *at)
{
	for (int r = 1; r < ranks; r++)
		for (size_t k = 0; piece(at, r, k); k += PIECE) {
			if (me == 0)
				MPI_Recv(x + at[r] + k, piece(at, r, k), MPI_FLOAT, r, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
			else if (me == r)
				MPI_Send(x + at[r] + k, piece(at, r, k), MPI_FLOAT, 0, 0, MPI_COMM_WORLD);
		}
}

double
ranks_sum(double x)
{
	double sum = 0, *all;

	if (ranks == 1)
		return x;
	all = xreallocarray(NULL, (size_t)ranks, sizeof *all);
	MPI_Allgather(&x, 1, MPI_DOUBLE, all, 1, MPI_DOUBLE, MPI_COMM_WORLD);
	for (int r = 0; r < ranks; r++)
		sum += all[r];
	free(all);
	return sum;
}

int
ranks_any(int x)
{
	if (ranks > 1)
		MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
	return x;
}
#else
int
ranks_start(struct err *e)
{
	return by_mpirun() ? err_set(e, "mpirun: this program was built without MPI") : 0;
}

void ranks_end(void) { }
void ranks_sum_parts(float *x, const size_t *at) { (void)x, (void)at; }
void ranks_share_parts(float *x, const size_t *at) { (void)x, (void)at; }
void ranks_gather_parts(float *x, const size_t *at) { (void)x, (void)at; }
double ranks_sum(double x) { return x; }
int ranks_any(int x) { return x; }
#endif
