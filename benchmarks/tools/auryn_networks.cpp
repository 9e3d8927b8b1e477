// The networks `brunel`, `competition` and `balance` in Auryn; called by on_auryn.py:
//
//     auryn_networks WORKLOAD SEED SETTLING SECONDS FOLDER NUMBER...
//
// with numbers of workloads.py in the order in which they are read below. Prints, as one line, processor time and time on the clock before settling, after it and at
// the end, the most memory in kB, spikes of each population while it ran, mean and standard deviation of the plastic weights.

#include <sys/resource.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "auryn.h"

using namespace auryn;

// Membrane with one conductance, in units of the leak, that is reset to another value than it rests at: forward Euler, as Auryn's own groups.
class Cells : public NeuronGroup {
    AurynFloat rest, reversal, threshold, reset, scale_mem, scale_g;
    void virtual_serialize(boost::archive::binary_oarchive &, const unsigned int) {}
    void virtual_serialize(boost::archive::binary_iarchive &, const unsigned int) {}

public:
    Cells(NeuronID n, double tau_m, double tau_e, double rest_, double reversal_, double threshold_, double reset_)
        : NeuronGroup(n), rest(rest_), reversal(reversal_), threshold(threshold_), reset(reset_),
          scale_mem(auryn_timestep / tau_m), scale_g(exp(-auryn_timestep / tau_e)) {
        sys->register_spiking_group(this);
        if (evolve_locally()) clear();
    }
    void clear() {
        clear_spikes();
        mem->set_all(reset);
        g_ampa->set_all(0.0);
    }
    void evolve() {
        AurynFloat *v = mem->ptr(), *g = g_ampa->ptr();
        for (NeuronID i = 0; i < get_rank_size(); ++i) {
            v[i] += scale_mem * ((rest - v[i]) + g[i] * (reversal - v[i]));
            if (v[i] > threshold) {
                push_spike(i);
                v[i] = reset;
            }
        }
        g_ampa->scale(scale_g);
    }
};

// Membrane with two synaptic currents, in mV: integrated exactly. It stands still after a spike.
class Driven : public NeuronGroup {
    AurynFloat rest, threshold, reset, keep, from_e, from_i, keep_e, keep_i;
    int hold;
    std::vector<int> wait;
    void virtual_serialize(boost::archive::binary_oarchive &, const unsigned int) {}
    void virtual_serialize(boost::archive::binary_iarchive &, const unsigned int) {}

    // what a current that decays with tau adds to the membrane potential in a step
    static double response(double tau_m, double tau) {
        return tau / (tau - tau_m) * (exp(-auryn_timestep / tau) - exp(-auryn_timestep / tau_m));
    }

public:
    Driven(NeuronID n, double tau_m, double tau_e, double tau_i, double rest_, double threshold_, double reset_, double refractory, std::mt19937 &generator)
        : NeuronGroup(n), rest(rest_), threshold(threshold_), reset(reset_), keep(exp(-auryn_timestep / tau_m)), from_e(response(tau_m, tau_e)),
          from_i(response(tau_m, tau_i)), keep_e(exp(-auryn_timestep / tau_e)), keep_i(exp(-auryn_timestep / tau_i)),
          hold(std::lround(refractory / auryn_timestep)), wait(n, 0) {
        sys->register_spiking_group(this);
        std::uniform_real_distribution<double> uniform(reset, threshold);
        clear();
        for (NeuronID i = 0; i < get_rank_size(); ++i) mem->set(i, uniform(generator));
    }
    void clear() {
        clear_spikes();
        g_ampa->set_all(0.0);
        g_gaba->set_all(0.0);
    }
    void evolve() {
        AurynFloat *v = mem->ptr(), *e = g_ampa->ptr(), *g = g_gaba->ptr();
        int *w = wait.data();
        for (NeuronID i = 0; i < get_rank_size(); ++i) {
            const AurynFloat next = rest + (v[i] - rest) * keep + from_e * e[i] - from_i * g[i];
            v[i] = w[i] > 0 ? v[i] : next;
            w[i] -= w[i] > 0;
        }
        for (NeuronID i = 0; i < get_rank_size(); ++i)
            if (v[i] > threshold) {
                push_spike(i);
                v[i] = reset;
                w[i] = hold;
            }
        g_ampa->scale(keep_e);
        g_gaba->scale(keep_i);
    }
};

// A Poisson process of each neuron's own, from spike to spike of all of them together, as in Auryn's PoissonGroup; a neuron can get several in one step.
class Drive : public Device {
    NeuronGroup *group;
    AurynFloat weight;
    std::mt19937 &generator;
    std::exponential_distribution<float> gap;  // in neurons
    float next;

public:
    Drive(NeuronGroup *to, double rate, double weight_, std::mt19937 &generator_)
        : group(to), weight(weight_), generator(generator_), gap(rate * auryn_timestep), next(gap(generator)) {
        sys->register_device(this);
    }
    void execute() {
        AurynFloat *e = group->get_state_vector("g_ampa")->ptr();
        const float size = group->get_rank_size();
        for (; next < size; next += gap(generator)) e[int(next)] += weight;
        next -= size;
    }
};

class Counter : public Device {
    SpikingGroup *group;

public:
    long spikes;
    Counter(SpikingGroup *of) : group(of), spikes(0) { sys->register_device(this); }
    void execute() { spikes += group->get_spikes_immediate()->size(); }
};

static void note() {
    timespec spent, now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%.9f %.9f ", spent.tv_sec + 1e-9 * spent.tv_nsec, now.tv_sec + 1e-9 * now.tv_nsec);
}

int main(int argc, char *argv[]) {
    const std::string workload = argv[1];
    const unsigned int seed = atoi(argv[2]);
    const double settling = atof(argv[3]), seconds = atof(argv[4]);
    double number[32];
    for (int i = 6; i < argc; ++i) number[i - 6] = atof(argv[i]);
    const double *n = number;
    auryn_init(1, argv, argv[5], "benchmark", "", NOTIFICATION, ERROR);
    sys->set_master_seed(seed);
    sys->quiet = true;
    DuplexConnection *plastic = nullptr;
    Counter *first = nullptr, *second = nullptr;
    if (workload == "competition") {
        const int inputs = *n++, cells = *n++;
        const double rate = *n++, tau_m = *n++, tau_e = *n++, rest = *n++, reversal = *n++, threshold = *n++, reset = *n++;
        const double tau_plus = *n++, tau_minus = *n++, w_max = *n++, up = *n++, down = *n++;
        PoissonGroup *source = new PoissonGroup(inputs, rate);
        source->seed(seed);
        Cells *group = new Cells(cells, tau_m, tau_e, rest, reversal, threshold, reset);
        STDPConnection *learning = new STDPConnection(source, group, 0.5 * w_max, 1.0, up, tau_plus, tau_minus, w_max, GLUT);
        learning->A = -down;
        std::mt19937 generator(seed);
        std::uniform_real_distribution<double> uniform(0.0, w_max);
        for (AurynWeight *w = learning->w->get_data_begin(); w != learning->w->get_data_end(); ++w) *w = uniform(generator);
        plastic = learning;
        first = new Counter(group);
    } else if (workload == "brunel") {
        const int excitatory = *n++, inhibitory = *n++;
        const double p = *n++, tau_m = *n++, tau_e = *n++, tau_i = *n++, tau_plus = *n++, tau_minus = *n++, refractory = *n++, delay = *n++;
        const double rest = *n++, threshold = *n++, reset = *n++, rate = *n++, w_x = *n++, w_e = *n++, w_i = *n++, w_max = *n++, up = *n++, down = *n++;
        static std::mt19937 generator(seed);
        Driven *E = new Driven(excitatory, tau_m, tau_e, tau_i, rest, threshold, reset, refractory, generator);
        Driven *I = new Driven(inhibitory, tau_m, tau_e, tau_i, rest, threshold, reset, refractory, generator);
        for (Driven *group : {E, I}) {
            group->set_delay(std::lround(delay / auryn_timestep));
            new Drive(group, rate, w_x, generator);
        }
        STDPConnection *learning = new STDPConnection(E, E, w_e, p, up, tau_plus, tau_minus, w_max, GLUT);
        learning->A = -down;
        plastic = learning;
        new SparseConnection(E, I, w_e, p, GLUT);
        new SparseConnection(I, E, w_i, p, GABA);
        new SparseConnection(I, I, w_i, p, GABA);
        first = new Counter(E);
        second = new Counter(I);
    } else {
        const int excitatory = *n++, inhibitory = *n++;
        const double p = *n++, current = *n++, mean = *n++, sd = *n++, w_e = *n++, w_i = *n++, w_max = *n++, eta = *n++, target = *n++, tau = *n++;
        // membranes are those that TIFGroup has by itself
        TIFGroup *E = new TIFGroup(excitatory), *I = new TIFGroup(inhibitory);
        for (TIFGroup *group : {E, I}) {
            group->random_mem(mean, sd);
            for (NeuronID i = 0; i < group->get_size(); ++i) group->set_bg_current(i, current);
        }
        new SparseConnection(E, E, w_e, p, GLUT);
        new SparseConnection(E, I, w_e, p, GLUT);
        new SparseConnection(I, I, w_i, p, GABA);
        plastic = new SymmetricSTDPConnection(I, E, w_i, p, eta, target, tau, w_max, GABA);
        first = new Counter(E);
        second = new Counter(I);
    }
    sys->run(auryn_timestep);  // what is made late
    note();
    if (settling > 0.0) sys->run(settling);
    note();
    const long before_first = first->spikes, before_second = second ? second->spikes : 0;
    sys->run(seconds);
    note();
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    AurynDouble mean, sd;
    plastic->stats(mean, sd);
    printf("%ld %ld %ld %.12g %.12g\n", usage.ru_maxrss, first->spikes - before_first, second ? second->spikes - before_second : 0, mean, sd);
    fflush(stdout);
    auryn_free();
    return 0;
}
