#include <iostream>

#include "pellucid/explain.hpp"
#include "pellucid/load_input.hpp"

int main(int, char** argv) {
    const auto model = pellucid::Model::load(argv[1]);
    const auto input = pellucid::load_input(model, argv[2]);
    const auto why = pellucid::explain::integrated_gradients(model, input, pellucid::Target::top());
    std::cout << why.target.label << ' ' << why.completeness->error << '\n';
}
