// Draws a face of a bundle, moved to an emotion, with ONNX Runtime and nlohmann/json.
//
//     draw_face BUNDLE EMOTION OUT.ppm [DRAWS.json]
//
// BUNDLE is a folder. DRAWS.json holds latent_dim draws from N(0, 1); without it, each run draws another face.
// docs/bundle-format.md describes the files and the rules of moves. Faces without a background become a PAM file.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <onnxruntime_cxx_api.h>

namespace fs = std::filesystem;
using nlohmann::json;
using Vector = std::vector<float>;

json read(const fs::path& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    return json::parse(file);
}

// The graphs of a bundle, each with one output.
class Graphs {
public:
    Graphs(const fs::path& folder, const json& manifest) {
        for (const auto& [name, entry] : manifest.at("files").items()) files_[entry.at("role")] = folder / name;
    }

    const fs::path& file(const std::string& role) const { return files_.at(role); }

    bool has(const std::string& role) const { return files_.count(role) > 0; }

    // The output of the graph of `role` for one latent, and for what it is to keep where it takes that.
    template <typename T>
    std::vector<T> run(const std::string& role, const char* output, Vector z, Vector keep = {}) {
        Ort::SessionOptions options;
        options.SetIntraOpNumThreads(1);  // one face is too little work to share
        Ort::Session session(env_, file(role).c_str(), options);
        const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
        const auto tensor = [&](Vector& values, const std::vector<int64_t>& shape) {
            return Ort::Value::CreateTensor<float>(memory, values.data(), values.size(), shape.data(), shape.size());
        };
        std::vector<Ort::Value> inputs;
        inputs.push_back(tensor(z, {1, static_cast<int64_t>(z.size())}));
        if (!keep.empty()) inputs.push_back(tensor(keep, {static_cast<int64_t>(keep.size())}));
        const char* names[] = {"z", "keep"};
        auto outputs = session.Run(Ort::RunOptions{nullptr}, names, inputs.data(), inputs.size(), &output, 1);
        const T* first = outputs[0].GetTensorData<T>();
        return {first, first + outputs[0].GetTensorTypeAndShapeInfo().GetElementCount()};
    }

private:
    Ort::Env env_{ORT_LOGGING_LEVEL_ERROR, "draw_face"};
    std::map<std::string, fs::path> files_;
};

Vector drawn(size_t count) {
    std::mt19937 random(std::random_device{}());
    std::normal_distribution<float> normal;
    Vector z(count);
    std::generate(z.begin(), z.end(), [&] { return normal(random); });
    return z;
}

double dot(const Vector& a, const Vector& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += double(a[i]) * b[i];
    return sum;
}

// Where the latent of a face is at strength 1 of an emotion, the e-th of `count`.
Vector moved(Graphs& graphs, const Vector& z, const json& method, size_t e, size_t count) {
    if (method.contains("ends")) {
        const Vector keep(method.value("keeps", false) ? count : 0, 0.0f);
        const Vector ends = graphs.run<float>(method.at("ends"), "ends", z, keep);
        return {ends.begin() + e * z.size(), ends.begin() + (e + 1) * z.size()};
    }
    Vector to = z;
    if (method.contains("centres")) {
        const json& centres = method.at("centres");
        const auto table = [&](const char* name) { return centres.at(name).get<std::vector<Vector>>(); };
        const auto slopes = table("slopes"), latents = table("latents"), targets = table("targets");
        std::vector<double> odds;
        for (size_t k = 0; k < slopes.size(); ++k)
            odds.push_back(dot(slopes[k], z) + centres.at("intercepts")[k].get<double>());
        const double most = *std::max_element(odds.begin(), odds.end());
        double total = 0;
        for (double& one : odds) total += one = std::exp(one - most);
        for (size_t i = 0; i < z.size(); ++i) {
            double own = 0;
            for (size_t k = 0; k < odds.size(); ++k) own += odds[k] / total * latents[k][i];
            to[i] += static_cast<float>(targets[e][i] - own);
        }
        return to;
    }
    const auto direction = method.at("directions")[e].get<Vector>();
    const auto strength = method.at("max_strength")[e].get<float>();
    for (size_t i = 0; i < z.size(); ++i) to[i] += strength * direction[i];
    if (method.at("keep_norm")) {
        const auto scale = static_cast<float>(std::sqrt(dot(z, z) / dot(to, to)));
        for (float& value : to) value *= scale;
    }
    return to;
}

void write(const fs::path& path, const std::vector<uint8_t>& pixels, size_t size, size_t channels) {
    std::ofstream file(path, std::ios::binary);
    if (channels == 3)
        file << "P6\n" << size << ' ' << size << "\n255\n";
    else
        file << "P7\nWIDTH " << size << "\nHEIGHT " << size << "\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n";
    file.write(reinterpret_cast<const char*>(pixels.data()), static_cast<std::streamsize>(pixels.size()));
    if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

void draw(const fs::path& folder, const std::string& emotion, const fs::path& out, const char* draws) {
    const json manifest = read(folder / "manifest.json");
    const int schema = manifest.at("schema_version");
    if (schema != 1 && schema != 2) throw std::runtime_error("this program reads bundles of schema 1 and 2");
    Graphs graphs(folder, manifest);
    const json axes = read(graphs.file("axes"));
    const auto emotions = axes.at("emotions").get<std::vector<std::string>>();
    const auto found = std::find(emotions.begin(), emotions.end(), emotion);
    if (found == emotions.end()) throw std::runtime_error("no emotion " + emotion + " in this bundle");

    Vector z = draws ? read(draws).get<Vector>() : drawn(manifest.at("latent_dim"));
    if (graphs.has("mapping")) z = graphs.run<float>("mapping", "latent", z);
    const json& method = axes.at("methods").at(axes.at("default").get<std::string>());
    const Vector end = moved(graphs, z, method, static_cast<size_t>(found - emotions.begin()), emotions.size());
    write(out, graphs.run<uint8_t>("generator", "image", end), manifest.at("image_size"), manifest.value("channels", 3));
}

int main(int count, char** arguments) {
    if (count < 4) {
        std::cerr << "draw_face BUNDLE EMOTION OUT.ppm [DRAWS.json]\n";
        return 2;
    }
    try {
        draw(arguments[1], arguments[2], arguments[3], count > 4 ? arguments[4] : nullptr);
    } catch (const std::exception& error) {
        std::cerr << "draw_face: " << error.what() << '\n';
        return 1;
    }
}
